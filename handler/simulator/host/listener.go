package host

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// ServeHTTP is the host's front: functions under the route prefix, the admin
// call, and nothing else. In particular the child's own root addresses, where
// timers and messages arrive, cannot be reached from outside.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	name, found := under(path, "admin/functions")
	if found {
		h.serveAdmin(w, r, name)
		return
	}
	rest, found := under(path, h.app.prefix)
	if !found {
		http.NotFound(w, r)
		return
	}
	for _, f := range h.app.functions {
		if f.takes(r, rest) {
			h.serveFunction(w, r, f)
			return
		}
	}
	// A method that no function wants is as unknown as a path: methods are part
	// of the route (inferred; the host has no 405).
	http.NotFound(w, r)
}

// under returns what follows a folder in a path, without case.
func under(path, folder string) (string, bool) {
	if folder == "" {
		return path, true
	}
	if len(path) < len(folder) || !strings.EqualFold(path[:len(folder)], folder) {
		return "", false
	}
	rest := path[len(folder):]
	return strings.TrimPrefix(rest, "/"), rest == "" || rest[0] == '/'
}

func (h *Host) serveFunction(w http.ResponseWriter, r *http.Request, f *function) {
	if !h.authorized(r, f.level) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	limit := h.bodyLimit()
	if r.ContentLength > limit {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	h.activity.begin()
	defer func() {
		h.activity.end()
		// What a request has just put on a queue is looked for at once.
		h.nudge()
	}()
	h.passOn(w, r, f)
}

// authorized checks the key of a request, by header or query. The key itself
// is passed on with the request.
func (h *Host) authorized(r *http.Request, level string) bool {
	if level == levelAnonymous {
		return true
	}
	key := r.Header.Get("x-functions-key")
	if key == "" {
		key = r.URL.Query().Get("code")
	}
	if same(key, h.options.Keys.Master) {
		return true
	}
	return level == levelFunction && same(key, h.options.Keys.Function)
}

func same(one, other string) bool {
	return subtle.ConstantTimeCompare([]byte(one), []byte(other)) == 1
}

// bodyLimit is the largest request body, which a setting can change.
func (h *Host) bodyLimit() int64 {
	limit, err := strconv.ParseInt(h.options.Settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"], 10, 64)
	if err != nil || limit <= 0 {
		return 104_857_600
	}
	return limit
}

// serveAdmin runs a function by hand. As in the host, the answer says only
// that it was started.
func (h *Host) serveAdmin(w http.ResponseWriter, r *http.Request, name string) {
	if !h.authorized(r, levelAdmin) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	var asked struct {
		Input *string `json:"input"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&asked)
	if err != nil || asked.Input == nil {
		http.Error(w, `the body must be {"input": "…"}`, http.StatusBadRequest)
		return
	}
	for _, one := range h.timers {
		if strings.EqualFold(one.function.name, name) {
			h.background(func() { one.fire(h.working, false) })
			w.WriteHeader(http.StatusAccepted)
			return
		}
	}
	for _, one := range h.pumps {
		if strings.EqualFold(one.function.name, name) {
			h.background(func() { _ = h.invoke(h.working, one.function, byHand(one.function, *asked.Input, h.options.Now())) })
			w.WriteHeader(http.StatusAccepted)
			return
		}
	}
	http.NotFound(w, r)
}

// background runs an invocation that is counted from now on.
func (h *Host) background(run func()) {
	h.activity.begin()
	h.group.Go(func() {
		defer h.nudge()
		defer h.activity.end()
		run()
	})
}

// Fire runs a timer or queue function by hand, as POST /admin/functions/<name>
// with an empty input. It returns once the host has accepted the call; Idle
// waits for its end. An unknown function is an error.
func (h *Host) Fire(ctx context.Context, function string) error {
	address := h.url + "/admin/functions/" + function
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewBufferString(`{"input":""}`))
	if err != nil {
		return fmt.Errorf("firing %s: %w", function, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-functions-key", h.options.Keys.Master)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("firing %s: %w", function, err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("firing %s: the host answered %s", function, response.Status)
	}
	return nil
}
