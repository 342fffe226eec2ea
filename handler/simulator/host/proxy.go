package host

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
)

// passOn hands a request to the child in the mode that host.json chose, within
// functionTimeout.
func (h *Host) passOn(w http.ResponseWriter, r *http.Request, f *function) {
	id := newIdentifier()
	fail := func(kind FailureKind, err error) {
		h.record(&Failure{Function: f.name, InvocationID: id, At: h.options.Now(), Kind: kind, Detail: err.Error()})
	}
	run, err := h.supervisor.ready(r.Context())
	if err != nil {
		fail(FailureConnection, err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), h.app.timeout, errOverran)
	defer cancel()
	// A deferred call, because a broken answer ends the proxy by a panic.
	defer func() {
		if errors.Is(context.Cause(ctx), errOverran) {
			fail(FailureTimeout, errOverran)
			h.supervisor.replace(run)
		}
	}()
	broken := func(w http.ResponseWriter, _ *http.Request, err error) {
		if ctx.Err() == nil {
			fail(FailureConnection, err)
		}
		w.WriteHeader(brokenStatus(err))
	}
	if h.app.proxying {
		// Without it, the server would read the whole request before the first
		// byte of the answer leaves; it fails only where that cannot happen.
		_ = http.NewResponseController(w).EnableFullDuplex()
		h.proxy(run, id, broken).ServeHTTP(w, r.WithContext(ctx))
		return
	}
	h.forward(w, r.WithContext(ctx), forwarding{run, id, broken})
}

func brokenStatus(err error) int {
	tooLarge := new(http.MaxBytesError)
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadGateway
}

type errorAnswer func(http.ResponseWriter, *http.Request, error)

// proxy streams both ways and overwrites three headers. Nothing else of the
// request changes but its Host, which becomes the child's address; whether the
// real host passes the original on is not known, so a handler must not need it.
func (h *Host) proxy(run *process, id string, broken errorAnswer) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:     h.transport,
		FlushInterval: -1,
		ErrorHandler:  broken,
		Rewrite: func(both *httputil.ProxyRequest) {
			both.Out.URL.Scheme, both.Out.URL.Host, both.Out.Host = "http", run.address, run.address
			// The library drops these before it asks; the host does not.
			both.Out.URL.RawQuery = both.In.URL.RawQuery
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values := both.In.Header.Values(name); len(values) > 0 {
					both.Out.Header[name] = values
				}
			}
			both.Out.Header.Set(headerInvocation, id)
			both.Out.Header.Set(headerVersion, hostVersion)
			both.Out.Header.Set(headerProxied, id)
		},
	}
}

// forwarding is what the older mode needs to pass a request on.
type forwarding struct {
	run    *process
	id     string
	broken errorAnswer
}

// forward builds the request anew: a body only where its length is announced,
// repeated query keys merged into one, headers appended. The answer is read
// whole before it is returned.
func (h *Host) forward(w http.ResponseWriter, r *http.Request, to forwarding) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host, out.Host = "http", to.run.address, to.run.address
	out.URL.RawQuery = mergeQuery(r.URL.Query())
	if r.ContentLength <= 0 {
		out.Body, out.ContentLength, out.TransferEncoding = http.NoBody, 0, nil
	}
	out.Header.Add(headerInvocation, to.id)
	out.Header.Add(headerVersion, hostVersion)
	out.Header.Set("User-Agent", strings.TrimSpace(r.UserAgent()+" Azure-Functions-Host/"+hostVersion))
	response, err := h.transport.RoundTrip(out)
	if err != nil {
		to.broken(w, r, err)
		return
	}
	content, err := io.ReadAll(response.Body)
	err = errors.Join(err, response.Body.Close())
	if err != nil {
		to.broken(w, r, err)
		return
	}
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(content)
}

// mergeQuery gives each key one value, its values joined by commas.
func mergeQuery(query url.Values) string {
	var parts []string
	for name, values := range query {
		parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(strings.Join(values, ",")))
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}
