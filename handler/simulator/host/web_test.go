package host

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestWhatIsServed(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	function, master := s.FunctionKey(), s.MasterKey()
	for _, test := range []struct {
		method, target, key string
		status              int
	}{
		{"GET", "/api/health", "", 409}, // the child's own status
		{"GET", "/API/Health", "", 409},
		{"POST", "/api/health", "", 404},
		{"GET", "/api/echo", "", 401},
		{"GET", "/api/echo", "wrong", 401},
		{"GET", "/api/echo", function, 409},
		{"GET", "/api/echo", master, 409},
		{"GET", "/api/echo/7", function, 409},
		{"GET", "/api/echo/7/8", function, 404},
		{"GET", "/api/echo?code=" + function, "", 409},
		{"GET", "/api/control", function, 401},
		{"GET", "/api/control", master, 409},
		{"GET", "/api/unknown", master, 404},
		// The child's own addresses are not reachable from outside.
		{"POST", "/work", master, 404},
		{"POST", "/expire", master, 404},
		{"POST", "/api/work", master, 404},
		{"GET", "/", master, 404},
		{"POST", "/admin/functions/expire", "", 401},
		{"POST", "/admin/functions/expire", function, 401},
		{"POST", "/admin/functions/unknown", master, 400}, // no body
		{"GET", "/admin/functions/expire", master, 404},
	} {
		got := s.status(test.method, test.target, test.key)
		if got != test.status {
			t.Errorf("%s %s with key %q: %d, want %d", test.method, test.target, test.key, got, test.status)
		}
	}
	if len(s.seen()) != 0 {
		t.Errorf("an outside request reached a trigger: %v", s.seen())
	}
	if err := s.Fire(t.Context(), "unknown"); err == nil {
		t.Error("firing an unknown function is no error")
	}
}

// echoed is what the child says it was asked.
type echoed struct {
	Method, Target, Body string
	Header               http.Header
}

func (s *stage) echo(target string, header http.Header, body io.Reader) echoed {
	s.t.Helper()
	response, content := s.ask("POST", target, header, body)
	if response.StatusCode != http.StatusConflict || response.Header.Get("X-Echo") != "yes" {
		s.t.Fatalf("answered %s with %v", response.Status, response.Header)
	}
	var got echoed
	err := json.Unmarshal(content, &got)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

func TestProxying(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	target := "/api/echo/a%2Fb?x=1&x=2&y=a;b&code=" + s.FunctionKey()
	got := s.echo(target, http.Header{
		headerInvocation:  {"forged"},
		"X-Forwarded-For": {"10.0.0.1"},
		"X-Own":           {"one", "two"},
	}, io.MultiReader(strings.NewReader("chunked "), strings.NewReader("body")))
	if got.Target != target || got.Body != "chunked body" {
		t.Errorf("the child saw %s with body %q", got.Target, got.Body)
	}
	id := got.Header.Values(headerInvocation)
	if len(id) != 1 || id[0] == "forged" || got.Header.Get(headerProxied) != id[0] || got.Header.Get(headerVersion) == "" {
		t.Errorf("headers %v", got.Header)
	}
	if got.Header.Get("X-Forwarded-For") != "10.0.0.1" || !slices.Equal(got.Header.Values("X-Own"), []string{"one", "two"}) {
		t.Errorf("headers of the caller were changed: %v", got.Header)
	}
}

func TestProxyingStreamsBothWays(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"/api/echo?do=stream&code="+s.FunctionKey(), reader)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = writer.Write([]byte("a")) }()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	// The rest is sent only after the first byte has come back.
	first := make([]byte, 1)
	_, err = io.ReadFull(response.Body, first)
	if err != nil || first[0] != 'a' {
		t.Fatalf("first byte %q, %v", first, err)
	}
	go func() {
		_, _ = writer.Write([]byte("bc"))
		_ = writer.Close()
	}()
	rest, err := io.ReadAll(response.Body)
	if err != nil || string(rest) != "bc" {
		t.Errorf("rest %q, %v", rest, err)
	}
}

func TestForwarding(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.change("enableProxyingHttpRequest", "enableForwardingHttpRequest")
	s.start()
	target := "/api/echo/7?x=1&x=2&code=" + s.FunctionKey()
	chunked := io.MultiReader(strings.NewReader("lost"))
	got := s.echo(target, http.Header{headerInvocation: {"forged"}, "User-Agent": {"me"}}, chunked)
	if got.Body != "" {
		t.Errorf("a body without a length arrived: %q", got.Body)
	}
	if !strings.Contains(got.Target, "x=1%2C2") {
		t.Errorf("target %s", got.Target)
	}
	id := got.Header.Values(headerInvocation)
	if len(id) != 2 || id[0] != "forged" || got.Header.Get(headerProxied) != "" {
		t.Errorf("headers %v", got.Header)
	}
	if !strings.HasPrefix(got.Header.Get("User-Agent"), "me Azure-Functions-Host/") {
		t.Errorf("user agent %q", got.Header.Get("User-Agent"))
	}
	got = s.echo(target, nil, strings.NewReader("kept"))
	if got.Body != "kept" {
		t.Errorf("a body with a length did not arrive: %q", got.Body)
	}
}

func TestProxyingWinsOverForwarding(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.change(`"enableProxyingHttpRequest":true`, `"enableProxyingHttpRequest":true,"enableForwardingHttpRequest":true`)
	s.start()
	got := s.echo("/api/echo?code="+s.FunctionKey(), nil, io.MultiReader(strings.NewReader("kept")))
	if got.Body != "kept" {
		t.Errorf("body %q", got.Body)
	}
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "10"
	s.start()
	for _, body := range []io.Reader{strings.NewReader("eleven byte"), io.MultiReader(strings.NewReader("eleven byte"))} {
		response, _ := s.ask("POST", "/api/echo?code="+s.FunctionKey(), nil, body)
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %s", response.Status)
		}
	}
}
