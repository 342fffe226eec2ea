package store

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	cases := []struct {
		key  string
		good bool
	}{
		{"g|abc", true}, {"e|id|6f9619ff-8b86-d011-b42d-00c04fc964ff|Mail.Send", true}, {"2026-12-01T08:00:00Z|end|id", true},
		{"ü@contoso.example", true}, {"", true}, {strings.Repeat("k", 512), true}, {strings.Repeat("k", 513), false},
		{"a/b", false}, {`a\b`, false}, {"a#b", false}, {"a?b", false}, {"a\tb", false}, {"a\u0085b", false},
		{"a'b", false}, {"a%2Fb", false}, {"a\xffb", false}, {"a\x00", false},
	}
	for _, c := range cases {
		err := checkKey(c.key)
		if (err == nil) != c.good {
			t.Errorf("checkKey(%q) = %v, want good %v", c.key, err, c.good)
		}
	}
	if checkName("") == nil {
		t.Error("an empty name passed")
	}
}

func TestPrefixRangeHoldsExactlyThePrefixed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.StringMatching(`[a-z0-9|.-]{1,8}`).Draw(t, "prefix")
		key := rapid.OneOf(rapid.StringMatching(`[a-z0-9|.-]{0,12}`), rapid.Map(rapid.StringMatching(`[a-zä~}|0-9]{0,6}`),
			func(rest string) string { return prefix + rest })).Draw(t, "key")
		end, err := afterPrefix(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if inRange := key >= prefix && key < end; inRange != strings.HasPrefix(key, prefix) {
			t.Fatalf("key %q, prefix %q, end %q: in range %v", key, prefix, end, inRange)
		}
	})
	for _, bad := range []string{"", "a/", "ü", "a\x7f"} {
		_, err := afterPrefix(bad)
		if err == nil {
			t.Errorf("prefix %q was accepted", bad)
		}
	}
}

func TestDueKey(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 2*3600)
	cases := []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC), "2026-12-01T08:00:00Z|end|x"},
		{time.Date(2026, 12, 1, 10, 0, 0, 0, east), "2026-12-01T08:00:00Z|end|x"},
		{time.Date(2026, 12, 1, 8, 0, 0, 1, time.UTC), "2026-12-01T08:00:01Z|end|x"},
		{time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), "2038-01-19T03:14:08Z|end|x"},
	}
	for _, c := range cases {
		got := Due{At: c.at, Kind: "end", ID: "x"}.Key()
		if got != c.want {
			t.Errorf("key of %v is %q, want %q", c.at, got, c.want)
		}
	}
}

// The shards are part of the layout: rows written last year must be found.
func TestShardsNeverMove(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"abcdefghij234567klmn": "09", "aaaaaaaaaaaaaaaaaaab": "00", "x": "07"} {
		if got := shardOf(id); got != want {
			t.Errorf("id %s is in shard %s, want %s", id, got, want)
		}
	}
}

func TestDueKeysSortByTimeAndReadBack(t *testing.T) {
	t.Parallel()
	dues := rapid.Custom(func(t *rapid.T) Due {
		return Due{
			At:       time.Unix(rapid.Int64Range(0, 253370764799).Draw(t, "second"), 0).UTC(),
			Kind:     rapid.SampledFrom([]string{"receive", "apply", "end", "retest"}).Draw(t, "kind"),
			ID:       rapid.StringMatching(`[a-z2-7]{20}`).Draw(t, "id"),
			Workload: rapid.StringMatching(`[a-f0-9-]{0,36}`).Draw(t, "workload"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := dues.Draw(t, "a"), dues.Draw(t, "b")
		if (a.Key() < b.Key()) != (compareDue(a, b) < 0) {
			t.Fatalf("%q and %q sort otherwise than %v and %v", a.Key(), b.Key(), a, b)
		}
		encoded, err := encodeDue(a).encoded()
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeDue(encoded)
		if err != nil || back != a {
			t.Fatalf("wrote %v, read %v, %v", a, back, err)
		}
		end, err := endOf(b.At)
		if err != nil {
			t.Fatal(err)
		}
		if (a.Key() < end) != !a.At.After(b.At) {
			t.Fatalf("%v is on the wrong side of %v", a, b.At)
		}
	})
}

func TestSpreadOverShards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shard := shardOf(rapid.String().Draw(t, "id"))
		if shard < "00" || shard > "15" || len(shard) != 2 {
			t.Fatalf("shard %q", shard)
		}
	})
}
