package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// serveOne serves a single route behind the layers of the server.
func serveOne(t *testing.T, handle echo.HandlerFunc, layers ...echo.MiddlewareFunc) (*httptest.Server, *bytes.Buffer) {
	t.Helper()
	logs := &bytes.Buffer{}
	s := &server{log: newLog(logs), backend: &backend{}}
	router := echo.New()
	router.HTTPErrorHandler = s.fail
	router.Use(s.observe, s.survive)
	router.POST("/api/test", handle, layers...)
	web := httptest.NewServer(router)
	t.Cleanup(web.Close)
	return web, logs
}

func post(t *testing.T, web *httptest.Server) (int, problem) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+"/api/test?code=very-secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(invocationHeader, "i-7")
	request.Header.Set("X-Functions-Key", "very-secret")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var read problem
	err = json.NewDecoder(response.Body).Decode(&read)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, read
}

func TestPanicIsAProblemWithTheInvocation(t *testing.T) {
	t.Parallel()
	web, logs := serveOne(t, func(echo.Context) error { panic("planted") })
	status, got := post(t, web)
	web.Close()
	if status != http.StatusInternalServerError || got.Type != "/problems/internal" || got.Invocation != "i-7" {
		t.Errorf("got %d %+v", status, got)
	}
	if strings.Contains(got.Detail, "planted") || !strings.Contains(logs.String(), "planted") {
		t.Errorf("the cause belongs into the log alone: %+v\n%s", got, logs)
	}
}

func TestLogLinesHaveTheInvocationAndNoKey(t *testing.T) {
	t.Parallel()
	web, logs := serveOne(t, func(echo.Context) error { return errors.New("planted") })
	post(t, web)
	web.Close()
	lines := strings.Split(strings.TrimSpace(logs.String()), "\n")
	if len(lines) != 2 || strings.Contains(logs.String(), "very-secret") {
		t.Errorf("the lines are\n%s", logs)
	}
	for _, line := range lines {
		var read struct{ Invocation string }
		err := json.Unmarshal([]byte(line), &read)
		if err != nil || read.Invocation != "i-7" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestTriggerThatPanicsIsNotSentAgain(t *testing.T) {
	t.Parallel()
	web, _ := serveOne(t, func(echo.Context) error { panic("planted") }, marked)
	status, _ := post(t, web)
	if status != http.StatusOK {
		t.Errorf("got %d", status)
	}
}

func TestEveryKindHasItsProblem(t *testing.T) {
	t.Parallel()
	declared := loadContract(t).Components.Schemas["Problem"].Value.Properties["type"].Value.Enum
	for _, test := range []struct {
		err    error
		status int
		name   string
		again  bool
	}{
		{&engine.Error{Kind: engine.KindNotFound}, 404, "not-found", false},
		{&engine.Error{Kind: engine.KindMalformed}, 400, "malformed", false},
		{&engine.Error{Kind: engine.KindShape}, 422, "shape", false},
		{&engine.Error{Kind: engine.KindKeyReused}, 422, "key-reused", false},
		{&engine.Error{Kind: engine.KindDocument}, 503, "no-new-access", true},
		{&engine.Error{Kind: engine.KindStorage, Cause: context.DeadlineExceeded}, 503, "storage", true},
		{&engine.Error{Kind: engine.KindEnded}, 409, "ended", false},
		{&engine.Error{Kind: engine.KindBadCursor}, 400, "cursor", false},
		{&engine.Error{Kind: engine.KindInvalid}, 400, "parameter", false},
		{&engine.Error{Kind: engine.KindInternal}, 500, "internal", false},
		{context.DeadlineExceeded, 503, "timeout", true},
		{errors.New("anything"), 500, "internal", false},
		{echo.ErrNotFound, 404, "not-found", false},
		{echo.ErrMethodNotAllowed, 405, "method", false},
		{echo.ErrUnsupportedMediaType, 415, "request", false},
		{&http.MaxBytesError{Limit: 1}, 413, "too-large", false},
		{refusal(engine.View{}), 422, "binding", false},
	} {
		got := explain(test.err)
		if got.Status != test.status || got.Type != "/problems/"+test.name || (got.retryAfter > 0) != test.again {
			t.Errorf("%v: got %+v", test.err, got)
		}
		if !slices.Contains(declared, any(got.Type)) {
			t.Errorf("%s is not declared", got.Type)
		}
	}
}
