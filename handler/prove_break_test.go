package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailgrant/scripts/assemble"
)

// breakage is a deliberate break of a rule. The row that guards the rule has to fail
// on a package that is built with it.
type breakage struct {
	name string
	// file is below handler; every occurrence of old in it is replaced.
	file, old, new string
	row            func() proof
	// kind, where it is set, is the kind of trials that have to see it.
	kind string
	// slow: its trials wait for clients that give up late, so the short form leaves it out.
	slow bool
}

// createIntent writes down that an object is going to be made.
const createIntent = `h.commit(ctx, live, h.entry(grant.EventStep, "Create", string(step.Kind)+" "+step.Name))`

// removeIntent does so of an object that is going to be removed.
const removeIntent = `h.commit(ctx, live, h.entry(grant.EventStep, "Remove", string(step.Kind)+" "+step.Name))`

func breakages() []breakage {
	return []breakage{
		{name: "the intent is not written before the write", file: "engine/provision.go", row: killed,
			old: "err = " + createIntent, new: "err = nil"},
		{name: "the due row is dropped", file: "engine/commit.go", row: killed,
			old: `err := h.Store.WriteDue(ctx, dues(live.ID, h.workload, added)...)`, new: `err := h.Store.WriteDue(ctx, dues(live.ID, h.workload, added[:0])...)`},
		{name: "an absence is trusted at once", file: "plan/object.go", row: lostAnswers, kind: lateThenRevoked,
			old: `case now.Before(step.MayAppearUntil):`, new: `case false:`},
		{name: "a write is sent again", file: "engine/provision.go", row: lostAnswers, kind: tenantLost,
			old: `wrote := h.write(ctx, live, step)`, new: "wrote := h.write(ctx, live, step)\nif wrote != nil {\nwrote = h.write(ctx, live, step)\n}"},
		{name: "every delivery is another grant", file: "engine/receive.go", row: sameDelivery,
			old: `id := grant.NewID(delivery.Source, delivery.Key)`, new: `id := grant.NewID(delivery.Source, delivery.Key+delivery.at.String())`},
		{name: "a refused batch does not stop the write", file: "engine/provision.go", row: outageAtIntents, slow: true,
			old: "err = " + createIntent + "\n\tif err != nil {\n\t\treturn false, err\n\t}", new: "_ = " + createIntent},
		{name: "a refused token is taken for an absence", file: "engine/facts.go", row: tokenFailure, kind: "Exchange 401", slow: true,
			old: `exchange.KindOf(err) == exchange.NotFound`, new: `(exchange.KindOf(err) == exchange.NotFound || exchange.KindOf(err) == exchange.Unauthorized)`},
		{name: "there is a last attempt", file: "grant/owed.go", row: revocationImpossible, kind: "impossible",
			old: "\t\treturn time.Hour\n", new: "\t\treturn 100000 * time.Hour\n"},
		{name: "what was not removed is called revoked", file: "engine/revoke.go", row: lifeCycle, kind: stepsOnTheWire,
			old: "done, err := h.remove(ctx, live, action.Step, &seen)\n\t\t\tif err != nil || !done {\n\t\t\t\treturn err\n\t\t\t}", new: "return h.finish(ctx, live, seen.Facts)"},
		{name: "an active grant owes nothing", file: "grant/owed.go", row: lifeCycle, kind: stepsOnTheWire,
			old: "return []Due{due(g.Work.RetestAt, DueRetest), due(g.ExpiresAt, DueEnd)}", new: "return nil"},
		{name: "a write leaves no history", file: "engine/provision.go", row: aFewHistories,
			old: "err = " + createIntent, new: "err = h.commit(ctx, live)"},
		{name: "the history tells of a write that is not made", file: "engine/provision.go", row: aFewHistories,
			old: `live.Set(grant.Condition{Type: grant.Provisioned, Status: grant.True, Reason: "AsPlanned", Since: h.Now()})`,
			new: `live.pending = append(live.pending, h.entry(grant.EventStep, "Create", string(h.pointer.Kind)+" "+h.pointer.Name))`},
		{name: "a write is told twice", file: "engine/revoke.go", row: aFewHistories,
			old: removeIntent, new: strings.TrimSuffix(removeIntent, ")") + strings.TrimPrefix(removeIntent, "h.commit(ctx, live")},
	}
}

// mostBefore is how many trials may pass on a broken package before one fails.
const mostBefore = 12

// TestProveBreaksAreSeen breaks one rule after the other, each in a package of its
// own, and expects the row that guards it to fail. Without the flag -prove it draws
// one of them.
func TestProveBreaksAreSeen(t *testing.T) {
	g := &ground{bed: newBed(t), full: *proveFlag != "", pace: usualPace}
	g.folder = g.simulated
	began := time.Now()
	all := breakages()
	for _, broken := range all {
		broken.edited(t) // every one of them has to fit the source as it is
	}
	random := rand.New(rand.NewPCG(g.seed, 0))
	if !g.full {
		all = slices.DeleteFunc(all, func(broken breakage) bool { return broken.slow })
		place := random.IntN(len(all))
		all = all[place : place+1]
	}
	result := row{Number: breaksRow, Name: "deliberate breaks of a rule, each seen by its row", Seed: g.seed}
	for _, broken := range all {
		t.Run(strings.ReplaceAll(broken.name, " ", "-"), func(t *testing.T) {
			result.Tried++
			if !g.sees(t, broken, random) {
				result.Failed++
				t.Errorf("%s, and nothing failed", broken.name)
			}
		})
	}
	result.Seconds = time.Since(began).Seconds()
	report(t, result)
}

// breaksRow is the number under which the breaks follow the rows.
const breaksRow = 17

// sees tries the row on the broken package until a trial fails.
func (g *ground) sees(t *testing.T, broken breakage, random *rand.Rand) bool {
	damaged := &ground{bed: g.bed, full: g.full, pace: g.pace}
	damaged.folder = sync.OnceValues(func() (string, error) { return g.damaged(t, broken) })
	_, err := damaged.folder() // every trial fails on a package that is not there
	if err != nil {
		t.Fatal(err)
	}
	p := broken.row()
	for _, m := range mechanisms() {
		_, wrong := g.calm(g, m)
		if len(wrong) > 0 {
			t.Fatalf("a life without any trouble went wrong: %s", strings.Join(wrong, "\n"))
		}
		trials := p.trials(g, m)
		passed := 0
		for _, place := range random.Perm(len(trials)) {
			one := trials[place]
			if broken.kind != "" && one.kind != broken.kind || passed == mostBefore {
				continue
			}
			found := damaged.try(one)
			if len(found.wrong) > 0 {
				t.Logf("seen by row %d, %s, after %d others: %.200s", p.number, one.name, passed, found.wrong[0])
				return true
			}
			passed++
		}
	}
	return false
}

// edited is the broken file's text.
func (b breakage) edited(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(b.file))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), b.old) {
		t.Fatalf("%s: %s does not hold %q any more; the break has to follow the source", b.name, b.file, b.old)
	}
	return strings.ReplaceAll(string(text), b.old, b.new)
}

// damaged assembles a package in which the break's file is replaced. The source stays
// as it is.
func (g *ground) damaged(t *testing.T, b breakage) (string, error) {
	whole, err := g.simulated()
	if err != nil {
		return "", err
	}
	folder := t.TempDir()
	err = os.CopyFS(folder, os.DirFS(whole))
	if err != nil {
		return "", fmt.Errorf("copying the package: %w", err)
	}
	source, err := filepath.Abs(filepath.FromSlash(b.file))
	if err != nil {
		return "", err
	}
	replaced := filepath.Join(t.TempDir(), "replaced.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: replaced}})
	if err != nil {
		return "", err
	}
	err = os.WriteFile(replaced, []byte(b.edited(t)), 0o600)
	if err != nil {
		return "", err
	}
	return folder, rebuild(t.Context(), filepath.Join(folder, assemble.Executable), overlay, t.TempDir())
}

// rebuild builds the executable with an overlay, otherwise as the package has it.
func rebuild(ctx context.Context, executable string, overlay []byte, scratch string) error {
	file := filepath.Join(scratch, "overlay.json")
	err := os.WriteFile(file, overlay, 0o600)
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-race", "-tags=simulated", "-overlay", file, "-o", executable, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := build.CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the broken package: %w\n%s", err, out)
	}
	return nil
}
