package grant_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

func TestParseRequestRefusesWhatIsNoSingleValue(t *testing.T) {
	t.Parallel()
	whole := string(body(t, func(map[string]any) {}))
	cases := map[string]string{
		"nothing":           "",
		"blank":             " \r\n",
		"cut off":           whole[:len(whole)-1],
		"text after":        whole + " x",
		"second value":      whole + "{}",
		"trailing comma":    strings.TrimSuffix(whole, "}") + ",}",
		"comment":           "// hello\n" + whole,
		"single quotes":     strings.ReplaceAll(whole, `"`, "'"),
		"no UTF-8":          strings.Replace(whole, "news", "n\xffws", 1),
		"half a surrogate":  strings.Replace(whole, "news", `n\ud800ws`, 1),
		"raw line break":    strings.Replace(whole, "news", "ne\nws", 1),
		"NUL":               strings.Replace(whole, "news", "ne\x00ws", 1),
		"byte order mark":   "\ufeff" + whole,
		"not a number":      strings.Replace(whole, "{", `{"a": NaN,`, 1),
		"unfinished name":   `{"workload`,
		"name without text": `{1: 2}`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults, err := grant.ParseRequest([]byte(text), received())
			if err == nil {
				t.Errorf("%q was read, with the faults %q", text, named(faults))
			}
		})
	}
}

func TestParseRequestOfAnythingButAnObject(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`[]`, `"x"`, `7`, `true`, `null`, `[{}]`} {
		_, faults, err := grant.ParseRequest([]byte(text), received())
		if err != nil || len(faults) != 1 || faults[0].Pointer != "" || faults[0].Reason != "type" {
			t.Errorf("%s: %v, %v", text, faults, err)
		}
	}
}

// TestParseRequestBoundsNesting: 32 levels are read, 33 are not, whether the
// innermost is empty or not.
func TestParseRequestBoundsNesting(t *testing.T) {
	t.Parallel()
	shapes := map[string][3]string{
		"arrays":       {"[", "", "]"},
		"full arrays":  {"[", "1", "]"},
		"objects":      {`{"a":`, "{}", "}"},
		"full objects": {`{"a":`, "1", "}"},
	}
	for name, shape := range shapes {
		for _, depth := range []int{1, 31, 32, 33, 34, 9_999, 10_000, 10_001, 30_000} {
			count := depth
			if shape[1] == "{}" {
				count--
			}
			text := strings.Repeat(shape[0], count) + shape[1] + strings.Repeat(shape[2], count)
			_, _, err := grant.ParseRequest([]byte(text), received())
			if refused := err != nil; refused != (depth > 32) {
				t.Errorf("%d %s: refused is %t", depth, name, refused)
			}
		}
	}
}

// TestParseRequestOfLargeBodies is about bodies of 64 KiB, the most that the edge
// lets in, made to be slow. The limit is generous, because the race detector and
// the other tests run beside it; anything that grows by the square passes it.
func TestParseRequestOfLargeBodies(t *testing.T) {
	t.Parallel()
	const size, limit = 64 << 10, 15 * time.Second
	var distinct strings.Builder
	for i := 0; distinct.Len() < size; i++ {
		fmt.Fprintf(&distinct, `"a%d@b.c",`, i)
	}
	fill := func(text string) string { return strings.Repeat(text, size/len(text)) }
	cases := map[string]string{
		"unclosed":           fill("["),
		"one long name":      `{"` + fill("n") + `":1}`,
		"escapes in a name":  `{"` + fill("~") + `":1}`,
		"one name for ever":  `{` + fill(`"a":1,`) + `"a":1}`,
		"wrong types":        `{"permissions":[` + fill("1,") + `1]}`,
		"long names, nested": fill(`{"` + strings.Repeat("/", 2000) + `":`),
		"distinct mailboxes": `{"scope":{"mailboxes":[` + strings.TrimSuffix(distinct.String(), ",") + `]}}`,
		"same mailbox":       `{"scope":{"mailboxes":[` + fill(`"a@b.c",`) + `"a@b.c"]}}`,
		"long address":       `{"scope":{"mailboxes":["` + fill("a.") + `@b.example"]}}`,
		"long duration":      `{"duration":"P` + fill("9") + `D"}`,
		"long link":          `{"ticket":{"url":"https://` + fill("a/") + `"}}`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			_, faults, err := grant.ParseRequest([]byte(text), received())
			if err == nil && len(faults) == 0 {
				t.Error("no fault was found")
			}
			if took := time.Since(begun); took > limit {
				t.Errorf("took %s", took)
			}
		})
	}
}
