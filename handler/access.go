package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// mostPermissions is how many permissions one question may name, longestName how long
// each of its texts may be.
const (
	mostPermissions = 10
	longestName     = 256
)

var guidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// access answers who reaches a mailbox: with a workload, whether that one does, from the
// tenant as it is now; without, who does at all, from the newest survey.
func (s *server) access(c echo.Context) error {
	query := c.QueryParams()
	question, err := readQuestion(query)
	if err != nil {
		return err
	}
	if question.Workload == "" {
		return s.reachers(c, question.Mailbox)
	}
	for _, name := range []string{"refresh", "cursor", "limit"} {
		if query.Has(name) {
			return badParameter(name + ": with a workload the tenant is asked at once, and there are no pages")
		}
	}
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) { return e.Access(ctx, question) })
}

// readQuestion reads the parameters and refuses what could not be meant.
func readQuestion(query url.Values) (engine.Question, error) {
	mailbox, err := onlyOne(query, "mailbox")
	if err != nil {
		return engine.Question{}, err
	}
	workload, err := onlyOne(query, "workload")
	if err != nil {
		return engine.Question{}, err
	}
	permissions := query["permission"]
	switch {
	case mailbox == "":
		return engine.Question{}, badParameter("mailbox: the address or id of the mailbox is needed")
	case !strings.Contains(mailbox, "@") && !guidShape.MatchString(mailbox):
		return engine.Question{}, badParameter("mailbox: this is neither an address nor an id")
	case query.Has("workload") && !guidShape.MatchString(workload):
		return engine.Question{}, badParameter("workload: the application id or the object id of the enterprise application is needed, which are GUIDs")
	case workload == "" && len(permissions) > 0:
		return engine.Question{}, badParameter("permission: it needs a workload; the list of who reaches a mailbox names what each can do")
	case len(permissions) > mostPermissions:
		return engine.Question{}, badParameter(fmt.Sprintf("permission: at most %d", mostPermissions))
	}
	for i, permission := range permissions {
		switch {
		case permission == "" || len(permission) > longestName || !printable(permission):
			return engine.Question{}, badParameter("permission: a name such as Mail.Read is needed")
		case slices.Contains(permissions[:i], permission):
			return engine.Question{}, badParameter("permission: " + permission + " is named twice")
		}
	}
	return engine.Question{Workload: strings.ToLower(workload), Mailbox: mailbox, Permissions: permissions}, nil
}

// onlyOne reads a parameter that may not be repeated; empty when it was not given.
func onlyOne(query url.Values, name string) (string, error) {
	values := query[name]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", badParameter(name + ": it was given more than once")
	case len(values[0]) > longestName || !printable(values[0]):
		return "", badParameter(name + ": it is too long or holds characters that are not printable ASCII")
	}
	return values[0], nil
}

// reachers answers who reaches a mailbox. Where there is no survey yet, or a new one is
// asked for, the answer is the operation that makes one.
func (s *server) reachers(c echo.Context, mailbox string) error {
	return s.surveyed(c, func(ctx context.Context, e *engine.Engine, page pageQuery) (any, bool, error) {
		return pair(e.Reachers(ctx, mailbox, page.cursor, page.limit))
	})
}

// pair turns a page into an answer of any kind.
func pair[T any](page T, known bool, err error) (any, bool, error) { return page, known, err }

// pageQuery selects one page.
type pageQuery struct {
	cursor string
	limit  int
}

// surveyed answers with JSON from the newest survey, or starts one.
func (s *server) surveyed(c echo.Context, ask func(context.Context, *engine.Engine, pageQuery) (any, bool, error)) error {
	return s.surveyedAs(c, ask, func(answer any) error { return c.JSON(http.StatusOK, answer) })
}

// surveyedAs answers from the newest survey in the caller's form, or starts one and
// answers with its operation.
func (s *server) surveyedAs(c echo.Context, ask func(context.Context, *engine.Engine, pageQuery) (any, bool, error), write func(any) error) error {
	ctx := c.Request().Context()
	page, fresh, err := readPage(c)
	if err != nil {
		return err
	}
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	if !fresh {
		answer, known, err := ask(ctx, e, page)
		switch {
		case err != nil:
			return err
		case known:
			return write(answer)
		}
	}
	operation, err := e.StartSurvey(ctx, callerOf(c).name)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/operations/"+operation.ID)
	c.Response().Header().Set("Retry-After", pollAfter)
	operation.Findings = present(operation.Findings)
	return c.JSON(http.StatusAccepted, operation)
}

// readPage reads which page is asked for, and whether a new survey is.
func readPage(c echo.Context) (pageQuery, bool, error) {
	limit, err := pageLimit(c)
	if err != nil {
		return pageQuery{}, false, err
	}
	refresh, err := onlyOne(c.QueryParams(), "refresh")
	if err != nil {
		return pageQuery{}, false, err
	}
	if refresh != "" && refresh != "true" && refresh != "false" {
		return pageQuery{}, false, badParameter("refresh: true or false")
	}
	cursor, err := onlyOne(c.QueryParams(), "cursor")
	return pageQuery{cursor: cursor, limit: limit}, refresh == "true" || prefersOperation(c.Request().Header.Values("Prefer")), err
}

// prefersOperation reads respond-async from Prefer headers (RFC 7240).
func prefersOperation(headers []string) bool {
	for preference := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, _, _ := strings.Cut(preference, ";")
		if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
			return true
		}
	}
	return false
}
