package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"mailgrant/handler/simulator/tenant"
)

// featBreakage is a deliberate break that a feat has to see.
type featBreakage struct {
	breakage
	feat feat
	// tells is what one of the failures has to say; empty for any.
	tells string
}

func featBreakages() []featBreakage {
	return []featBreakage{
		{breakage{name: "a wait that was asked for is forgotten", file: "grant/owed.go",
			old: `later(now.Add(wait+spread(g.ID, g.Work.Attempts, wait)), notBefore)`, new: `now.Add(wait)`}, feat{run: func(g *ground, f *findings, m mechanism) outcome {
			return longWaits().blow(g, f, m, 2)
		}}, "was sent again"},
		{breakage{name: "every slot may write", file: "engine/ceiling.go",
			old: `return []int{writingSlot}`, new: `return []int{writingSlot, 2, 3, 4}`}, feat{run: band{16, 5, "40ms"}.sweep}, "writes were under way"},
		{breakage{name: "lateness is not told", file: "engine/fold.go",
			old: `detail += ", " + late + " late"`, new: `detail += ""`}, absences(false, mechanisms()[0])[0], "does not tell it"},
		{breakage{name: "a disabled assignment is overlooked", file: "plan/rbac.go",
			old: `return AssignmentDisabled, "was disabled"`, new: `return "", ""`}, feat{run: drifting{clean: 1, each: 1}.run}, "AssignmentDisabled"},
		{breakage{name: "an empty list is trusted", file: "access/verdict.go",
			old: `return grant.Unsure, wanted.missing(rows)`, new: `return grant.Refused, ""`}, feat{run: believedEmpty}, "gave the verdict"},
		{breakage{name: "every end counts as agreed", file: "engine/fold.go",
			old: "\tif agreed {\n", new: "\tif agreed || true {\n"}, feat{run: corruption{corrupted: 20, agreed: 2}.run}, "were carried out"},
		{breakage{name: "a halted end is brought back every minute", file: "engine/fold.go",
			old: "if due.Kind == grant.DueEnd && !l.agreed.IsZero() {", new: "if false && due.Kind == grant.DueEnd {"}, feat{run: corruption{corrupted: 14, agreed: 1}.run}, "taken up again"},
	}
}

// believedEmpty retests a grant on a tenant whose own test lists nothing.
func believedEmpty(g *ground, f *findings, m mechanism) outcome {
	first := rbacAskings()[0]
	retestsSpoilt(g, f, m, first, []tenant.Fault{{Name: "empty", Match: first.match}})
	return outcome{tried: 1}
}

// TestProveFeatBreaksAreSeen breaks the rules that the crowds guard, one after the
// other, and expects the row to fail. Without the flag -prove it draws one of them.
func TestProveFeatBreaksAreSeen(t *testing.T) {
	g := &ground{bed: newBed(t), full: *proveFlag != "", pace: usualPace}
	g.folder = g.simulated
	all := featBreakages()
	for _, broken := range all {
		broken.edited(t)
	}
	if !g.full {
		all = all[1:] // the first waits in real time
		place := rand.New(rand.NewPCG(g.seed, 1)).IntN(len(all))
		all = all[place : place+1]
	}
	result := row{Number: breaksRow, Name: "deliberate breaks of the rules that crowds guard, each seen by its row", Seed: g.seed}
	for _, broken := range all {
		t.Run(strings.ReplaceAll(broken.name, " ", "-"), func(t *testing.T) {
			result.Tried++
			damaged := &ground{bed: g.bed, pace: g.pace, folder: sync.OnceValues(func() (string, error) { return g.damaged(t, broken.breakage) })}
			tried, found := broken.feat.try(damaged, mechanisms()[0])
			seen := slices.DeleteFunc(append(found.wrong, tried.missed...), func(text string) bool { return !strings.Contains(text, broken.tells) })
			if len(seen) == 0 {
				result.Failed++
				t.Fatalf("%s, and nothing that tells %q failed: %q", broken.name, broken.tells, found.wrong)
			}
			t.Logf("%d of %d failed: %.300s", tried.failed, tried.tried, seen[0])
		})
	}
	report(t, result)
}
