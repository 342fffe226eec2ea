package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"

	"github.com/labstack/echo/v4"
)

// largestPage is the most entries of one page.
const largestPage = 200

// listGrants answers one page of the grants.
func (s *server) listGrants(c echo.Context) error {
	query := engine.Query{Cursor: c.QueryParam("cursor"), State: c.QueryParam("state")}
	if query.State != "" && !slices.Contains(grant.States(), grant.State(query.State)) {
		return badParameter(fmt.Sprintf("state: there are %v", grant.States()))
	}
	limit, err := pageLimit(c)
	if err != nil {
		return err
	}
	query.Limit = limit
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) {
		page, err := e.List(ctx, query)
		page.Grants = present(page.Grants)
		return page, err
	})
}

// showGrant answers one grant.
func (s *server) showGrant(c echo.Context) error {
	if c.Param("id") == "" {
		return s.listGrants(c)
	}
	id, err := grantID(c)
	if err != nil {
		return err
	}
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) {
		view, err := e.Show(ctx, id)
		return shown(view), err
	})
}

// showView answers one aspect of a grant; its history is the one that there is.
func (s *server) showView(c echo.Context) error {
	switch c.Param("view") {
	case "":
		return s.showGrant(c)
	case "history":
		return s.history(c)
	}
	return notFound("a grant has the view history and no other")
}

func (s *server) history(c echo.Context) error {
	id, err := grantID(c)
	if err != nil {
		return err
	}
	limit, err := pageLimit(c)
	if err != nil {
		return err
	}
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) {
		page, err := e.History(ctx, id, c.QueryParam("cursor"), limit)
		page.Entries = present(page.Entries)
		return page, err
	})
}

// answer asks the engine and answers 200 with what it returned.
func (s *server) answer(c echo.Context, ask func(context.Context, *engine.Engine) (any, error)) error {
	ctx := c.Request().Context()
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	found, err := ask(ctx, e)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

// grantID refuses what no grant can be called before anything is asked about it.
func grantID(c echo.Context) (string, error) {
	id := c.Param("id")
	if !grant.IsID(id) {
		return "", notFound("no grant has this id")
	}
	return id, nil
}

// pageLimit reads the parameter limit; 0 means that it was not given.
func pageLimit(c echo.Context) (int, error) {
	text := c.QueryParam("limit")
	if text == "" {
		return 0, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > largestPage {
		return 0, badParameter(fmt.Sprintf("limit: a whole number between 1 and %d", largestPage))
	}
	return limit, nil
}

// shown gives a view's lists a value, because callers are promised arrays.
func shown(view engine.View) engine.View {
	view.Permissions = present(view.Permissions)
	view.Mailboxes = present(view.Mailboxes)
	view.Canaries = present(view.Canaries)
	view.Conditions = present(view.Conditions)
	view.Steps = present(view.Steps)
	view.Evidence = present(view.Evidence)
	return view
}

func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
