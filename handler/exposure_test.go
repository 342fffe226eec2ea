package main

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"
)

func TestCellsAreHarmless(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"Newsletter": "Newsletter", "": "", "a=b": "a=b", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		" =1": "' =1", "\t=1": "'\t=1", "\ufeff=1": "'\ufeff=1", "\u00a0@x": "'\u00a0@x", "\uff1d1": "'\uff1d1", "|calc": "'|calc", "%x": "'%x", "'x": "'x",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q became %q and not %q", cell, got, want)
		}
	}
}

// TestCSVSaysWhatWasNotRead: also a survey that found nobody tells what it did not see.
func TestCSVSaysWhatWasNotRead(t *testing.T) {
	t.Parallel()
	page := engine.ExposurePage{Exposure: engine.Exposure{AsOf: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC), Unknown: []string{"role groups: not read"}}}
	hostile := engine.ExposedWorkload{Workload: grant.Workload{DisplayName: "=HYPERLINK(\"x\"),\r\n\"y\""}, OrganizationWide: grant.Allowed,
		Paths: []engine.ShownPath{{What: "the consent", Verdict: grant.Allowed, Ours: true, Grant: "g"}}, PathsLeftOut: 3}
	for _, rows := range [][]engine.ExposedWorkload{nil, {hostile}, {hostile, hostile}} {
		page.Rows = rows
		text, err := csvOf(page)
		if err != nil {
			t.Fatal(err)
		}
		read, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		if err != nil || len(read) != 1+max(1, len(rows)) {
			t.Fatalf("%d rows, %v: %s", len(read), err, text)
		}
		for _, row := range read[1:] {
			if row[len(row)-1] != "role groups: not read" || row[len(row)-2] != "2026-12-01T08:00:00Z" {
				t.Errorf("%q", row)
			}
			if len(rows) > 0 && (!strings.HasPrefix(row[2], "'=") || !strings.Contains(row[13], "the consent (allowed, ours g); and 3 more")) {
				t.Errorf("%q", row)
			}
		}
	}
}

func TestQuestionsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	const id = "a0000000-0000-4000-8000-000000000004"
	for query, want := range map[string]string{
		"":                                       "mailbox:",
		"mailbox=":                               "mailbox:",
		"mailbox=hr":                             "mailbox:",
		"mailbox=a@b&mailbox=a@b":                "mailbox:",
		"mailbox=a@b%00":                         "mailbox:",
		"mailbox=a@b&workload=":                  "workload:",
		"mailbox=a@b&workload=x":                 "workload:",
		"mailbox=a@b&workload=" + id + "%27":     "workload:",
		"mailbox=a@b&permission=Mail.Read":       "permission:",
		"mailbox=a@b&permission=&workload=" + id: "permission:",
		"mailbox=a@b&permission=A&permission=A&workload=" + id:                    "permission:",
		"mailbox=a@b&workload=" + id + strings.Repeat("&permission=A", 11):        "permission:",
		"mailbox=" + strings.Repeat("a", 300) + "@b":                              "mailbox:",
		"mailbox=a@b&workload=" + id + "&workload=" + id:                          "workload:",
		"mailbox=a@b&workload=" + id + "&permission=" + strings.Repeat("A", 1000): "permission:",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = readQuestion(values)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", query, err)
		}
	}
	good, err := readQuestion(url.Values{"mailbox": {"hr@contoso.example"}, "workload": {strings.ToUpper(id)}, "permission": {"Mail.Read", "Mail.Send"}})
	if err != nil || good.Workload != id || len(good.Permissions) != 2 {
		t.Errorf("%+v, %v", good, err)
	}
}

func TestWhoAsksForAnOperation(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{"": false, "wait=5": false, "respond-async": true, "wait=5, Respond-Async;x=1": true} {
		if prefersOperation([]string{header}) != want {
			t.Errorf("%q", header)
		}
	}
	for header, want := range map[string]bool{"": false, "*/*": false, "application/json": false, "text/csv;q=0.5": true, "text/html, Text/CSV": true} {
		if acceptsCSV([]string{header}) != want {
			t.Errorf("%q", header)
		}
	}
}

// TestFirstQuestionStartsASurvey: while there is none, the answer is the operation.
func TestFirstQuestionStartsASurvey(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t), "MAILGRANT_CONFIG": goodDocument(t)})
	for _, path := range []string{"/api/exposure", "/api/exposure?format=csv", "/api/access?mailbox=hr@contoso.example", "/api/exposure?refresh=true"} {
		got := server.call(t, http.MethodGet, path, "", nil)
		if got.status != http.StatusAccepted || !strings.HasPrefix(got.header.Get("Location"), "/api/operations/op-") || !strings.Contains(got.body, `"kind":"exposure"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
}
