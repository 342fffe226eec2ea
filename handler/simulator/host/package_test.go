package host

import (
	"strings"
	"testing"
	"time"
)

func TestPackagesThatAreRefused(t *testing.T) {
	t.Parallel()
	const web = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","route":"ROUTE","methods":["get"]},{"type":"http","direction":"out","name":"res"}]}`
	for name, test := range map[string]struct{ path, content, says string }{
		"no handler":      {"host.json", `{"version":"2.0"}`, "defaultExecutablePath"},
		"version":         {"host.json", `{"version":"3.0"}`, "version"},
		"routes":          {"host.json", strings.Replace(plainHost, `"enableProxying`, `"http":{"routes":[{"route":"{*any}"}]},"enableProxying`, 1), "one or the other"},
		"envelope":        {"host.json", strings.Replace(plainHost, "HttpRequest\":true", "HttpRequest\":false", 1), "envelope"},
		"argument":        {"host.json", strings.Replace(plainHost, "%GREETING%", "%ABSENT%", 1), "%ABSENT%"},
		"span":            {"host.json", strings.Replace(plainHost, "00:00:20", "20 s", 1), "time span"},
		"encoding":        {"host.json", strings.Replace(plainHost, `"none"`, `"utf7"`, 1), "messageEncoding"},
		"batch":           {"host.json", strings.Replace(plainHost, `"batchSize":4`, `"batchSize":33`, 1), "batchSize"},
		"overlap":         {"other/function.json", strings.Replace(web, "ROUTE", "{any}", 1), "health and other"},
		"not JSON":        {"other/function.json", `{`, "other"},
		"two triggers":    {"other/function.json", `{"bindings":[{"type":"queueTrigger","direction":"in","name":"a"},{"type":"timerTrigger","direction":"in","name":"b"}]}`, "2 triggers"},
		"another trigger": {"other/function.json", `{"bindings":[{"type":"blobTrigger","direction":"in","name":"a"}]}`, "blobTrigger"},
		"output":          {"other/function.json", `{"bindings":[{"type":"queueTrigger","direction":"in","name":"a"},{"type":"queue","direction":"out","name":"b"}]}`, "queue"},
		"no answer":       {"other/function.json", `{"bindings":[{"type":"httpTrigger","direction":"in","name":"a"}]}`, "one HTTP output"},
		"connection":      {"other/function.json", `{"bindings":[{"type":"queueTrigger","direction":"in","name":"a","queueName":"q","connection":"Absent"}]}`, "Absent"},
		"schedule":        {"other/function.json", `{"bindings":[{"type":"timerTrigger","direction":"in","name":"a","schedule":"* * * * *"}]}`, "six"},
		"no setting":      {"other/function.json", `{"bindings":[{"type":"timerTrigger","direction":"in","name":"a","schedule":"%ABSENT%"}]}`, "%ABSENT%"},
		"queue retry":     {"other/function.json", `{"retry":{"strategy":"fixedDelay","maxRetryCount":1},"bindings":[{"type":"queueTrigger","direction":"in","name":"a","queueName":"q","connection":"GrantStorage"}]}`, "only timers"},
		"name":            {"0ther/function.json", strings.Replace(web, "ROUTE", "other", 1), "function name"},
		"template":        {"other/function.json", strings.Replace(web, "ROUTE", "a-{b}", 1), "not played"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.options.Settings["GrantStorage"] = "set"
			_, err := load(s.folder, s.options.Settings)
			if err != nil {
				t.Fatalf("the plain package is refused: %v", err)
			}
			s.write(test.path, test.content)
			_, err = load(s.folder, s.options.Settings)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("refused with %v, want a word about %s", err, test.says)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Settings["GrantStorage"] = "set"
	s.write("host.json", `{"version":"2.0","functionTimeout":"1.02:03:04.5","customHandler":{"description":{"defaultExecutablePath":"handler"},"enableProxyingHttpRequest":true}}`)
	s.write("old/function.json", `{"disabled":true,"bindings":[]}`)
	app, err := load(s.folder, s.options.Settings)
	if err != nil {
		t.Fatal(err)
	}
	want := queueSettings{batch: 16, threshold: 8, attempts: 5, poll: time.Minute, base64: true}
	if app.queues != want || app.prefix != "api" || app.initialization != 30*time.Second || len(app.functions) != len(plainFunctions) {
		t.Errorf("defaults %+v", app)
	}
	if app.timeout != 26*time.Hour+3*time.Minute+4500*time.Millisecond {
		t.Errorf("functionTimeout %v", app.timeout)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		template, path string
		matches        bool
	}{
		{"grants/{id?}/{view?}", "grants", true},
		{"grants/{id?}/{view?}", "grants/a%2Fb/history/", true},
		{"grants/{id?}/{view?}", "grants/a/b/c", false},
		{"grants/{id?}/{view?}", "GRANTS", true},
		{"grants/{id}/revoke", "grants/7/revoke", true},
		{"grants/{id}/revoke", "grants//revoke", false},
		{"grants/{id:int}", "grants/7", true},
		{"grants/{id:int}", "grants/x", false},
		{"grants/{id:guid}", "grants/6f9619ff-8b86-d011-b42d-00c04fc964ff", true},
		{"grants/{id:guid}", "grants/6f9619ff", false},
		{"grants/{id:alpha:maxlength(3)}", "grants/abc", true},
		{"grants/{id:alpha:maxlength(3)}", "grants/abcd", false},
		{"files/{*rest}", "files/a/b", true},
		{"files/{*rest}", "other", false},
		{"", "", true},
		{"", "x", false},
	} {
		parsed, err := parseRoute(test.template)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.matches(test.path) != test.matches {
			t.Errorf("%s matches %s: %v", test.template, test.path, !test.matches)
		}
	}
	for _, template := range []string{"{*a}/b", "{a?}/b", "{a:regex(x)}", "{a:even}", "a{b}"} {
		if _, err := parseRoute(template); err == nil {
			t.Errorf("%s was read", template)
		}
	}
}

func TestOverlaps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		one, other string
		overlap    bool
	}{
		{"grants/{id?}/{view?}", "grants/{id}/revoke", true},
		{"grants/{id?}", "grants/{id}/revoke", false},
		{"grants/{id?}", "Grants", true},
		{"grants/{id:int}", "grants/now", false},
		{"grants/{id:int}", "grants/7", true},
		{"run/{kind}", "run/{sweep}/{id?}", true},
		{"run/{kind}", "operations/{id}", false},
		{"{*rest}", "health", true},
		{"files/{*rest}", "health", false},
		{"a/{b?}", "a/{c?}", true},
		{"", "a", false},
	} {
		one, err := parseRoute(test.one)
		if err != nil {
			t.Fatal(err)
		}
		other, err := parseRoute(test.other)
		if err != nil {
			t.Fatal(err)
		}
		if one.overlaps(other) != test.overlap || other.overlaps(one) != test.overlap {
			t.Errorf("%s and %s: %v and %v", test.one, test.other, one.overlaps(other), other.overlaps(one))
		}
	}
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.November, 21, 3, 21, 44, 5, time.UTC) // a Saturday
	for _, test := range []struct{ expression, next string }{
		{"* * * * * *", "2026-11-21T03:21:45Z"},
		{"0 */5 * * * *", "2026-11-21T03:25:00Z"},
		{"30 5/10 * * * *", "2026-11-21T03:25:30Z"},
		{"0 0 0,12 * * *", "2026-11-21T12:00:00Z"},
		{"0 0 2 * * *", "2026-11-22T02:00:00Z"},
		{"0 30 9 * jan Mon", "2027-01-04T09:30:00Z"},
		{"0 0 9-17/4 * * mon-fri", "2026-11-23T09:00:00Z"},
		{"0 0 0 31 * *", "2026-12-31T00:00:00Z"},
		{"0 0 0 29 february *", "2028-02-29T00:00:00Z"},
		{"0 0 0 1 * 0", "2027-08-01T00:00:00Z"}, // day and weekday must both fit
		{"0 0 0 31 4 *", "0001-01-01T00:00:00Z"},
	} {
		parsed, err := parseSchedule(test.expression)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		if got := parsed.next(at).Format(time.RFC3339); got != test.next {
			t.Errorf("%s: %s, want %s", test.expression, got, test.next)
		}
	}
	for _, expression := range []string{"", "* * * * *", "60 * * * * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 7", "*/0 * * * * *", "5-1 * * * * *", "x * * * * *", "* * * * mon *", "00:05:00"} {
		if _, err := parseSchedule(expression); err == nil {
			t.Errorf("%q was read", expression)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add("0 */5 * * * *")
	f.Add("0 30 9-17/2 1,15 jan-mar mon")
	f.Fuzz(func(t *testing.T, expression string) {
		parsed, err := parseSchedule(expression)
		if err != nil {
			return
		}
		at := time.Date(2026, time.November, 21, 3, 21, 44, 0, time.UTC)
		next := parsed.next(at)
		if !next.IsZero() && (!next.After(at) || parsed.next(next.Add(-time.Second)) != next) {
			t.Errorf("%q after %v: %v", expression, at, next)
		}
	})
}

func FuzzRoute(f *testing.F) {
	f.Add("grants/{id?}/{view?}", "grants/7")
	f.Add("a/{b:int}", "a/7")
	f.Fuzz(func(t *testing.T, template, path string) {
		one, err := parseRoute(template)
		if err != nil {
			return
		}
		other, err := parseRoute(path)
		if err != nil || strings.ContainsAny(path, "{}%") {
			return
		}
		if one.matches(path) && !one.overlaps(other) {
			t.Errorf("%q matches %q but does not overlap it", template, path)
		}
	})
}
