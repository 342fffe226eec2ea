package storage

import "testing"

// TestStandingFaultsAreRareAndStay: an unruly wire spoils a few of the requests, plain
// reads with one answer only, from the same seed the same ones, and nothing clears it.
func TestStandingFaultsAreRareAndStay(t *testing.T) {
	t.Parallel()
	const tries = 2000
	spoilt := func(seed uint64, write bool) (map[string]int, []int) {
		wire := &Wire{faults: newFaults(WireOptions{Seed: seed, Standing: Unruly()})}
		wire.ClearFaults()
		kinds, which := map[string]int{}, []int(nil)
		for n := range tries {
			fault, armed := wire.faults.take(call{service: serviceTable, subject: "ledger", action: "batch", write: write})
			if armed {
				kinds[fault.Name]++
				which = append(which, n)
			}
		}
		return kinds, which
	}
	kinds, which := spoilt(7, true)
	if lost, busy := kinds[FaultLostAfter], kinds[FaultUnavailable]; lost < tries/100 || lost > tries*4/100 || busy < tries*2/100 || busy > tries*5/100 {
		t.Errorf("of %d writes: %v", tries, kinds)
	}
	_, again := spoilt(7, true)
	if len(again) != len(which) || again[0] != which[0] || again[len(again)-1] != which[len(which)-1] {
		t.Error("the same seed spoils other requests")
	}
	kinds, _ = spoilt(7, false)
	if kinds[FaultLostAfter] > 0 || kinds[FaultUnavailable] == 0 {
		t.Errorf("of %d reads: %v", tries, kinds)
	}
}

// TestAnArmedFaultComesBeforeAStandingOne: what a script plants is counted out, whatever
// misbehaves beside it.
func TestAnArmedFaultComesBeforeAStandingOne(t *testing.T) {
	t.Parallel()
	wire := &Wire{faults: newFaults(WireOptions{Standing: []Fault{{Name: FaultUnavailable, Match: "*"}}})}
	wire.Fault(Fault{Name: FaultLostBefore, Match: "table", Times: 1})
	for _, want := range []string{FaultLostBefore, FaultUnavailable, FaultUnavailable} {
		fault, armed := wire.faults.take(call{service: serviceTable})
		if !armed || fault.Name != want {
			t.Fatalf("%q instead of %q", fault.Name, want)
		}
	}
}
