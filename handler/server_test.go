package main

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const validRequest = `{"workload":{"appId":"11111111-1111-1111-1111-111111111111"},"permissions":["Mail.Send"],
	"scope":{"mailboxes":["news@contoso.example"]},"duration":"P30D","ticket":{"system":"ops","id":"1"}}`

// TestReadinessNeedsNothing: the host asks GET / every 25 ms until something answers,
// so no client may be built and no storage asked for it.
func TestReadinessNeedsNothing(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": deadStorage()})
	started := time.Now()
	got := server.call(t, http.MethodGet, "/", "", nil)
	if got.status != http.StatusOK || time.Since(started) > 2*time.Second {
		t.Errorf("got %s after %s", got, time.Since(started))
	}
}

func TestWhatIsRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t), "MAILGRANT_CONFIG": goodDocument(t)})
	id := strings.Repeat("a", 20)
	for _, test := range []struct {
		name, method, path, body string
		header                   http.Header
		status                   int
		problem                  string
		pointers                 []string
	}{
		{"no JSON", "POST", "/api/requests/ops", "hello", nil, 400, "malformed", nil},
		{"no body", "POST", "/api/requests/ops", "", nil, 400, "malformed", nil},
		{"trailing text", "POST", "/api/requests/ops", validRequest + "{}", nil, 400, "malformed", nil},
		{"deeply nested", "POST", "/api/requests/ops", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), nil, 400, "malformed", nil},
		{"faults of shape", "POST", "/api/requests/ops", `{"workload":{},"permissions":[],"more":1}`, nil, 422, "shape",
			[]string{"", "", "/more", "/permissions", "/workload"}},
		{"too large", "POST", "/api/requests/ops", strings.Repeat(" ", maxBody+1), nil, 413, "too-large", nil},
		{"unknown source", "POST", "/api/requests/servicenow", validRequest, nil, 404, "not-found", nil},
		{"two keys", "POST", "/api/requests/ops", validRequest, http.Header{"Idempotency-Key": {"a", "b"}}, 400, "parameter", nil},
		{"unknown grant", "GET", "/api/grants/" + id, "", nil, 404, "not-found", nil},
		{"what is no id", "GET", "/api/grants/..%2f..", "", nil, 404, "not-found", nil},
		{"unknown view", "GET", "/api/grants/" + id + "/secrets", "", nil, 404, "not-found", nil},
		{"unknown history", "GET", "/api/grants/" + id + "/history", "", nil, 404, "not-found", nil},
		{"bad limit", "GET", "/api/grants?limit=0", "", nil, 400, "parameter", nil},
		{"large limit", "GET", "/api/grants?limit=201", "", nil, 400, "parameter", nil},
		{"unknown state", "GET", "/api/grants?state=lost", "", nil, 400, "parameter", nil},
		{"bad cursor", "GET", "/api/grants?cursor=!", "", nil, 400, "cursor", nil},
		{"revoke with faults", "POST", "/api/grants/" + id + "/revoke", `{"by":1,"reason":"a\nb","why":""}`, nil, 422, "shape",
			[]string{"/why", "/by", "/reason"}},
		{"revoke with one name twice", "POST", "/api/grants/" + id + "/revoke", `{"by":"a","by":"b"}`, nil, 400, "malformed", nil},
		{"revoke of nothing", "POST", "/api/grants/" + id + "/revoke", "", nil, 404, "not-found", nil},
		{"retry of nothing", "POST", "/api/grants/" + id + "/retry", "", nil, 404, "not-found", nil},
		{"drop without a reason", "POST", "/api/grants/" + id + "/drop", `{"by":"carol"}`, nil, 422, "shape", []string{"/reason"}},
		{"drop with a blank reason", "POST", "/api/grants/" + id + "/drop", `{"reason":"  "}`, nil, 422, "shape", []string{"/reason"}},
		{"drop of nothing", "POST", "/api/grants/" + id + "/drop", `{"reason":"gone by hand"}`, nil, 404, "not-found", nil},
		{"the end of what is no workload", "POST", "/api/workloads/everything/revoke", "", nil, 400, "parameter", nil},
		{"the end of a workload, with faults", "POST", "/api/workloads/" + id + "/revoke", `{"because":1}`, nil, 422, "shape", []string{"/because"}},
		{"freeze with faults", "POST", "/api/freeze", `{"reason":1}`, nil, 422, "shape", []string{"/reason"}},
		{"confirm what is not capped", "POST", "/api/halts/everything/confirm", "", nil, 404, "not-found", nil},
		{"restored with faults", "POST", "/api/restored", `[]`, nil, 400, "malformed", nil},
		{"unknown sweep", "POST", "/api/run/everything", "", nil, 404, "not-found", nil},
		{"unknown operation", "GET", "/api/operations/none", "", nil, 404, "not-found", nil},
		{"wrong method", "DELETE", "/api/grants/" + id, "", nil, 405, "method", nil},
		{"unknown address", "GET", "/api/", "", nil, 404, "not-found", nil},
		{"a trigger under the prefix", "POST", "/api/apply", "{}", nil, 404, "not-found", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := server.call(t, test.method, test.path, test.body, test.header)
			var read problem
			err := json.Unmarshal([]byte(got.body), &read)
			var pointers []string
			for _, fault := range read.Faults {
				pointers = append(pointers, fault.Pointer)
			}
			if err != nil || got.status != test.status || read.Type != "/problems/"+test.problem || !slices.Equal(pointers, test.pointers) {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestBodyWithoutLengthIsCutOff(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t)})
	body := &endless{left: 1 << 20}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+"/api/requests/ops", body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %s", response.Status)
	}
}

// endless is a body whose length nobody knows.
type endless struct{ left int }

func (e *endless) Read(into []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	count := min(len(into), e.left)
	for i := range count {
		into[i] = ' '
	}
	e.left -= count
	return count, nil
}

func TestListOfNothing(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t)})
	for _, path := range []string{"/api/grants", "/api/grants?limit=1&state=active"} {
		got := server.call(t, http.MethodGet, path, "", nil)
		if got.status != http.StatusOK || !strings.Contains(got.body, `"grants":[]`) {
			t.Errorf("%s: got %s", path, got)
		}
	}
}

func TestOperationIsPointedTo(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t)})
	got := server.call(t, http.MethodPost, "/api/run/expire", "", nil)
	if got.status != http.StatusAccepted || !strings.HasPrefix(got.header.Get("Location"), "/api/operations/") || got.header.Get("Retry-After") == "" {
		t.Errorf("got %s", got)
	}
}

func TestStorageDown(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": deadStorage(), "MAILGRANT_CONFIG": goodDocument(t)})
	id := strings.Repeat("a", 20)
	for _, call := range []string{"POST /api/requests/ops", "GET /api/grants", "GET /api/grants/" + id, "POST /api/grants/" + id + "/revoke",
		"POST /api/run/retest", "GET /api/operations/x", "POST /api/grants/" + id + "/retry", "POST /api/freeze", "DELETE /api/freeze",
		"GET /api/freeze", "GET /api/halts", "POST /api/halts/ends/confirm", "POST /api/restored",
		"POST /api/workloads/b0000000-0000-4000-8000-000000000002/revoke"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(call, " ")
			got := server.call(t, method, path, "", http.Header{invocationHeader: {"i-1"}})
			if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" ||
				!strings.Contains(got.body, `"/problems/storage"`) || !strings.Contains(got.body, `"invocation":"i-1"`) {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, storage, document, status string
		code                            int
		newAccess                       bool
	}{
		{"all is well", emptyStorage(t), goodDocument(t), healthOK, http.StatusOK, true},
		{"no document", emptyStorage(t), "none.yaml", healthDegraded, http.StatusOK, false},
		{"no storage", deadStorage(), goodDocument(t), healthDown, http.StatusServiceUnavailable, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startServer(t, map[string]string{"GrantStorage": test.storage, "MAILGRANT_CONFIG": test.document})
			got := server.call(t, http.MethodGet, "/api/health", "", nil)
			var read healthAnswer
			err := json.Unmarshal([]byte(got.body), &read)
			if err != nil || got.status != test.code || read.Status != test.status || read.NewAccess != test.newAccess {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestNoNewAccessWithoutDocument(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t), "MAILGRANT_CONFIG": "none.yaml"})
	got := server.call(t, http.MethodPost, "/api/requests/ops", validRequest, nil)
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "/problems/no-new-access") ||
		!strings.Contains(got.body, "MAILGRANT_CONFIG") || got.header.Get("Retry-After") == "" {
		t.Errorf("got %s", got)
	}
}
