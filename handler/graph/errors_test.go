package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mailgrant/handler/graph"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	denied := `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation.","innerError":{"date":"yesterday","request-id":"inner-request"}}}`
	tests := map[string]struct {
		status  int
		body    string
		kind    graph.Kind
		code    string
		request string
		says    string
	}{
		"absent":                   {404, absent, graph.NotFound, "Request_ResourceNotFound", "inner-request", "no such thing"},
		"absent without a code":    {404, `{"error":{"message":"Resource does not exist"}}`, graph.Unknown, "", "header-request", "Resource does not exist"},
		"absent by another code":   {404, `{"error":{"code":"UnknownError","message":"x"}}`, graph.Unknown, "UnknownError", "header-request", "404 UnknownError"},
		"not-found code, bad mood": {500, absent, graph.Transient, "Request_ResourceNotFound", "inner-request", "500"},
		"not-found page":           {404, `<html><h1>Not Found</h1></html>`, graph.Unknown, "", "header-request", "Not Found"},
		"empty 404":                {404, ``, graph.Unknown, "", "header-request", "404"},
		"denied":                   {403, denied, graph.Forbidden, "Authorization_RequestDenied", "inner-request", "Application.Read.All"},
		"denied with NUL bytes":    {403, "\x00\x00\x00", graph.Forbidden, "", "header-request", "403"},
		"denied without an error":  {403, `{}`, graph.Forbidden, "", "header-request", "403: {}"},
		"denied with null":         {403, `{"error":null}`, graph.Forbidden, "", "header-request", "403"},
		"error is a string":        {401, `{"error":"invalid_client"}`, graph.Unauthorized, "", "header-request", "invalid_client"},
		"token refused":            {401, `{"error":{"code":"InvalidAuthenticationToken","message":"expired"}}`, graph.Unauthorized, "InvalidAuthenticationToken", "header-request", "sign in"},
		"code is a number":         {400, `{"error":{"code":7,"message":"odd"}}`, graph.BadRequest, "", "header-request", "odd"},
		"inner error is a list":    {404, `{"error":{"code":"Request_ResourceNotFound","message":"m","innerError":[]}}`, graph.NotFound, "Request_ResourceNotFound", "header-request", "check the id"},
		"bad request":              {400, `{"error":{"code":"Request_BadRequest","message":"two\r\nlines"}}`, graph.BadRequest, "Request_BadRequest", "header-request", "two lines"},
		"bad gateway":              {502, `upstream`, graph.Transient, "", "header-request", "upstream"},
		"accepted only":            {202, `{}`, graph.Incomplete, "", "header-request", "202"},
		"no content":               {204, ``, graph.Incomplete, "", "header-request", "204"},
		"part of the content":      {206, principalBody, graph.Incomplete, "", "header-request", "206"},
		"conflict":                 {409, `{}`, graph.Unknown, "", "header-request", "409"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, always(test.status, test.body))
			_, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
			failure := wantKind(t, err, test.kind)
			if failure.Status != test.status || failure.Code != test.code || failure.RequestID != test.request {
				t.Errorf("got status %d, code %q, request %q", failure.Status, failure.Code, failure.RequestID)
			}
			text := failure.Error()
			if !strings.Contains(text, test.says) || !strings.Contains(text, "find service principal by object id") || !strings.Contains(text, objectID) {
				t.Errorf("reads %q, want %q in it", text, test.says)
			}
			if strings.ContainsAny(text, "\r\n\x00") || d.asked() != 1 {
				t.Errorf("%d requests; reads %q", d.asked(), text)
			}
		})
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	t.Parallel()
	_, err := serve(t, always(400, strings.Repeat("é", 1<<20))).client(t).FindServicePrincipal(t.Context(), objectID)
	failure := wantKind(t, err, graph.BadRequest)
	if len(failure.Error()) > 1000 || !strings.Contains(failure.Message, "éé") {
		t.Errorf("%d bytes of message", len(failure.Error()))
	}
}

// A challenge whose claims have no quotes makes the library's own handling
// panic; the guard must come first.
func TestChallengeIsNotTheLibrarys(t *testing.T) {
	t.Parallel()
	d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="", claims=none`)
		reply(w, 401, `{}`)
	})
	_, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
	wantKind(t, err, graph.Unauthorized)
	if d.asked() != 1 {
		t.Errorf("%d requests", d.asked())
	}
}

func TestNotJSON(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "text/html", "application/jsonp", "application/json ; =", "text/plain"} {
		d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{kind}
			_, _ = w.Write([]byte(principalBody))
		})
		_, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
		failure := wantKind(t, err, graph.Incomplete)
		if !strings.Contains(failure.Message, "not JSON") {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestTooLongAnAnswer(t *testing.T) {
	t.Parallel()
	d := serve(t, always(200, principalBody+strings.Repeat(" ", 16<<20)))
	_, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
	failure := wantKind(t, err, graph.Incomplete)
	if !strings.Contains(failure.Message, "longer") {
		t.Error(err)
	}
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	d := serve(t, always(200, principalBody))
	d.tokens.fault = errors.New("the identity\nis gone")
	_, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
	wantKind(t, err, graph.Unauthorized)
	if !errors.Is(err, d.tokens.fault) || d.asked() != 0 || !strings.Contains(err.Error(), "the identity is gone") {
		t.Errorf("%d requests: %v", d.asked(), err)
	}
	d.tokens.fault = context.DeadlineExceeded
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = d.client(t).FindServicePrincipal(over, objectID)
	wantKind(t, err, graph.Lost)
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("bind: %w", &graph.Error{Kind: graph.Throttled})
	if graph.KindOf(nil) != "" || graph.KindOf(errors.New("x")) != graph.Unknown || graph.KindOf(wrapped) != graph.Throttled {
		t.Errorf("got %q, %q, %q", graph.KindOf(nil), graph.KindOf(errors.New("x")), graph.KindOf(wrapped))
	}
}

func TestNewRefusesUnusableOptions(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"http://graph.microsoft.com", "graph.microsoft.com", "https://", "https://:443", "https://a/v1.0", "https://u:p@a", "https://a?x=1", "https://a#f", "https://a b", "ftp://a"} {
		_, err := graph.New(graph.Options{Endpoint: endpoint, Credential: &tokens{}})
		if err == nil {
			t.Errorf("endpoint %q was taken", endpoint)
		}
	}
	for _, endpoint := range []string{"", "https://graph.microsoft.com", "https://graph.microsoft.us/", "https://127.0.0.1:8443", "https://[::1]:8443"} {
		_, err := graph.New(graph.Options{Endpoint: endpoint, Credential: &tokens{}})
		if err != nil {
			t.Errorf("endpoint %q: %v", endpoint, err)
		}
	}
	_, err := graph.New(graph.Options{})
	if err == nil {
		t.Error("no credential was taken")
	}
}
