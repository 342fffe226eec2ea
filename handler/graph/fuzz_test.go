package graph_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"mailgrant/handler/graph"
)

// FuzzDecodePage holds against each other what a list says and what the page
// holds by another reader: a list is exactly the rows of a page without a next
// one, all of the one principal; everything else is an error without rows.
func FuzzDecodePage(f *testing.F) {
	for _, seed := range []string{
		consentPage(""), consentPage("", consentRow("one"), consentRow("two")), consentPage("https://127.0.0.1/x", consentRow("one")),
		`{"value":[{}]}`, `{"value":[null]}`, `{"value":{},"@odata.nextLink":[]}`, `[]`, `{"value":[[{"id":1e400}]]}`, absent,
		strings.Repeat(`{"value":[`, 50), `{"@odata.type":"#microsoft.graph.user","value":[]}`,
	} {
		f.Add(seed)
	}
	var body atomic.Pointer[string]
	d := serve(f, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, *body.Load()) })
	client := d.client(f)
	f.Fuzz(func(t *testing.T, text string) {
		body.Store(&text)
		consents, err := client.ListConsents(t.Context(), objectID)
		if err != nil {
			wantKind(t, err, graph.Incomplete)
			if consents != nil {
				t.Fatalf("%d rows came with %v", len(consents), err)
			}
			return
		}
		var page map[string]json.RawMessage
		var rows []map[string]any
		if json.Unmarshal([]byte(text), &page) != nil || json.Unmarshal(page["value"], &rows) != nil || len(rows) != len(consents) {
			t.Fatalf("%d rows out of %q", len(consents), text)
		}
		if link := string(page["@odata.nextLink"]); link != "" && link != "null" {
			t.Fatalf("link %s was dropped", link)
		}
		for i, consent := range consents {
			if consent.ID != rows[i]["id"] || consent.PrincipalID != objectID {
				t.Fatalf("row %d became %+v", i, consent)
			}
		}
	})
}

// FuzzRefusal looks for answers that break the decoding of errors, and for texts
// that would break a line of the log.
func FuzzRefusal(f *testing.F) {
	f.Add(404, absent, "1")
	f.Add(403, "\x00", "1.5")
	f.Add(401, `{"error":{"code":{},"message":["x"],"innerError":{"request-id":"\r\nx"}}}`, "Sun, 01 Nov 2026 08:00:09 GMT")
	f.Add(204, ``, "inf")
	type wanted struct {
		status int
		body   string
		after  string
	}
	var answer atomic.Pointer[wanted]
	d := serve(f, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Retry-After"] = []string{answer.Load().after}
		reply(w, answer.Load().status, answer.Load().body)
	})
	client := d.client(f)
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		if status < 201 || status > 999 {
			t.Skip()
		}
		answer.Store(&wanted{status, body, after})
		_, err := client.FindServicePrincipal(t.Context(), objectID)
		if graph.KindOf(err) == graph.Lost {
			t.Skip("not a lawful answer")
		}
		failure := wantKind(t, err, graph.KindOf(err))
		if failure.Status != status || strings.ContainsAny(failure.Error(), "\r\n\x00") || failure.RetryAfter < 0 {
			t.Fatalf("status %d, retry after %v, %q", failure.Status, failure.RetryAfter, failure.Error())
		}
		if failure.Kind == graph.NotFound && (status != 404 || !strings.Contains(body, "Request_")) {
			t.Fatalf("%d %q became an absence", status, body)
		}
	})
}

// FuzzDecodeList holds the lists around reach against another reader: each is
// exactly the rows of a page without a next one, in normal form, or an error
// without rows.
func FuzzDecodeList(f *testing.F) {
	for _, row := range []string{userRow, hiddenRow, workloadRow, roleRow, definition, principalRow, consentRow("one"), "{}", "null", `{"id":1e400}`} {
		f.Add(consentPage("", row))
		f.Add(consentPage("https://127.0.0.1/x", row, row))
	}
	f.Add(`{"value":[],"@odata.nextLink":null}`)
	f.Add(strings.Repeat(`{"value":[`, 50))
	var body atomic.Pointer[string]
	d := serve(f, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, *body.Load()) })
	client := d.client(f)
	f.Fuzz(func(t *testing.T, text string) {
		body.Store(&text)
		for name, test := range lists() {
			got, err := test.list(t.Context(), client)
			count := reflect.ValueOf(got).Len()
			if err != nil {
				wantKind(t, err, graph.Incomplete)
				if count > 0 {
					t.Fatalf("%s: %d rows came with %v", name, count, err)
				}
				continue
			}
			var page map[string]json.RawMessage
			var rows []map[string]any
			if json.Unmarshal([]byte(text), &page) != nil || json.Unmarshal(page["value"], &rows) != nil || len(rows) != count {
				t.Fatalf("%s: %d rows out of %q", name, count, text)
			}
			if link := string(page["@odata.nextLink"]); link != "" && link != "null" {
				t.Fatalf("%s: link %s was dropped", name, link)
			}
			for i := range count {
				id := reflect.ValueOf(got).Index(i).Field(0).String()
				if held, _ := rows[i]["id"].(string); id == "" || !strings.EqualFold(held, id) {
					t.Fatalf("%s: row %d has the id %q out of %v", name, i, id, rows[i]["id"])
				}
			}
		}
	})
}
