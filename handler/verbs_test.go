package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestOperatorsVerbsAnswer calls what operators use on an empty service: each answer
// is held against the contract, and says what was done.
func TestOperatorsVerbsAnswer(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t), "MAILGRANT_CONFIG": goodDocument(t)})
	for _, test := range []struct {
		method, path, body string
		status             int
		want               []string
	}{
		{"GET", "/api/freeze", "", 200, []string{`{"frozen":false}`}},
		{"POST", "/api/freeze", `{"reason":"an incident","by":"carol"}`, 200, []string{`"frozen":true`, `"operator as carol"`, `"an incident"`}},
		{"DELETE", "/api/freeze", "", 200, []string{`"frozen":false`, `"by":"operator"`}},
		{"GET", "/api/halts", "", 200, []string{`"kind":"ends"`, `"kind":"drift"`, `"kind":"repairs"`, `"kind":"orphans"`, `"waiting":[]`}},
		{"POST", "/api/halts/orphans/confirm", `{"by":"carol"}`, 202, []string{`"kind":"orphans"`, `"confirmed":[]`}},
		{"POST", "/api/restored", `{"by":"carol"}`, 200, []string{`"at":"2026-12-01T08:00:00Z"`, `"until":"2026-12-08T08:00:00Z"`}},
		{"POST", "/api/workloads/B0000000-0000-4000-8000-000000000002/revoke", `{"reason":"leaked"}`, 202,
			[]string{`"grants":[]`, `"workload":"b0000000-`, `"goneBy":"2026-12-01T10:00:00Z"`, `Update-MgServicePrincipal -ServicePrincipalId b0000000-`}},
		{"POST", "/api/run/discover", "", 202, []string{`"kind":"discover"`, `"state":"running"`}},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			got := server.call(t, test.method, test.path, test.body, nil)
			if got.status != test.status {
				t.Errorf("got %s", got)
			}
			for _, want := range test.want {
				if !strings.Contains(got.body, want) {
					t.Errorf("%s does not hold %s", got.body, want)
				}
			}
		})
	}
}

// TestHealthTellsOfTheSwitchAndTheSweep plays a service that is frozen, one whose sweep
// has stopped, and one whose sweep has never run while something is owed.
func TestHealthTellsOfTheSwitchAndTheSweep(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, row, document, due string
		frozen, late             bool
		status                   string
	}{
		{"frozen", "freeze", `{"frozen":true,"by":"carol","reason":"an incident","at":"2026-12-01T07:00:00Z"}`, "", true, false, healthDegraded},
		{"not frozen any more", "freeze", `{"frozen":false,"at":"2026-12-01T07:00:00Z"}`, "", false, false, healthOK},
		{"the sweep runs", "expire", `{"lastAt":"2026-12-01T07:31:00Z"}`, "", false, false, healthOK},
		{"the sweep has stopped", "expire", `{"lastAt":"2026-12-01T07:29:00Z"}`, "", false, true, healthDegraded},
		{"never a sweep, and something is owed", "", "", "2026-12-01T07:00:00Z|end|" + strings.Repeat("a", 20), false, true, healthDegraded},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			storage := storageWith(t, test.row, test.document, test.due)
			server := startServer(t, map[string]string{"GrantStorage": storage, "MAILGRANT_CONFIG": goodDocument(t)})
			got := server.call(t, http.MethodGet, "/api/health", "", nil)
			var read healthAnswer
			err := json.Unmarshal([]byte(got.body), &read)
			if err != nil || read.Status != test.status || (read.Frozen != "") != test.frozen || read.NewAccess == test.frozen || read.SweepLate != test.late {
				t.Errorf("got %s, %v", got, err)
			}
			if strings.Contains(got.body, "carol") || strings.Contains(got.body, "incident") {
				t.Errorf("anybody is told who froze it and why: %s", got)
			}
		})
	}
}

// storageWith plays an account that holds one row of the table work, by its key, and
// one row that is due; either may be empty.
func storageWith(t *testing.T, key, document, due string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method != http.MethodGet:
			w.WriteHeader(http.StatusNoContent)
		case key != "" && strings.Contains(r.URL.Path, "RowKey='"+key+"'"):
			writeRow(t, w, map[string]any{"RowKey": key, "schema": 1, "documentParts": 1, "document0": document})
		case strings.Contains(r.URL.Path, "PartitionKey="):
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"odata.error":{"code":"ResourceNotFound","message":{"lang":"en-US","value":"no row"}}}`)
		case due != "" && strings.Contains(r.URL.RawQuery, "00"):
			writeRow(t, w, map[string]any{"value": []any{map[string]any{"PartitionKey": "00", "RowKey": due, "schema": 1}}})
		default:
			fmt.Fprint(w, `{"value":[]}`)
		}
	}))
	t.Cleanup(server.Close)
	return storageOn(server.URL)
}

func writeRow(t *testing.T, w http.ResponseWriter, row map[string]any) {
	w.Header().Set("ETag", `W/"1"`)
	err := json.NewEncoder(w).Encode(row)
	if err != nil {
		t.Error(err)
	}
}
