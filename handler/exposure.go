package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// exposure answers every workload that reaches any mailbox, from the newest survey: a
// page as JSON, or the whole as CSV.
func (s *server) exposure(c echo.Context) error {
	format, err := onlyOne(c.QueryParams(), "format")
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"", "json", "csv"}, format) {
		return badParameter("format: json or csv")
	}
	if format == "csv" || format == "" && acceptsCSV(c.Request().Header.Values("Accept")) {
		return s.exposureCSV(c)
	}
	return s.surveyed(c, func(ctx context.Context, e *engine.Engine, page pageQuery) (any, bool, error) {
		return pair(e.Exposure(ctx, page.cursor, page.limit))
	})
}

// acceptsCSV: the caller names it. Whoever takes anything gets JSON.
func acceptsCSV(headers []string) bool {
	for accepted := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		kind, _, _ := strings.Cut(accepted, ";")
		if strings.EqualFold(strings.TrimSpace(kind), "text/csv") {
			return true
		}
	}
	return false
}

// exposureCSV writes all rows of the newest survey. It reads them all before the first
// byte is sent: a file that breaks off in the middle would look complete.
func (s *server) exposureCSV(c echo.Context) error {
	for _, name := range []string{"cursor", "limit"} {
		if c.QueryParams().Has(name) {
			return badParameter(name + ": the CSV is always the whole list")
		}
	}
	var text []byte
	return s.surveyedAs(c, func(ctx context.Context, e *engine.Engine, _ pageQuery) (any, bool, error) {
		rows, known, err := everyRow(ctx, e)
		if err == nil && known {
			text, err = csvOf(rows)
		}
		return text, known, err
	}, func(any) error {
		c.Response().Header().Set("Content-Disposition", `attachment; filename="exposure.csv"`)
		return c.Blob(http.StatusOK, "text/csv; charset=utf-8", text)
	})
}

// everyRow reads page after page. A survey that is replaced meanwhile is the error of a
// cursor, and a second call meets the newer one.
func everyRow(ctx context.Context, e *engine.Engine) (engine.ExposurePage, bool, error) {
	whole, known, err := e.Exposure(ctx, "", largestPage)
	for err == nil && whole.Next != "" {
		var page engine.ExposurePage
		page, _, err = e.Exposure(ctx, whole.Next, largestPage)
		whole.Rows, whole.Next = append(whole.Rows, page.Rows...), page.Next
	}
	return whole, known, err
}
