package plan_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

var overlapSeed = flag.Uint64("overlap-seed", 0, "repeats the overlapping grants of an earlier run; 0 is a new run")

// overlap is 2 to 20 grants of one workload with ends of their own, worked on in
// the order in which they are due.
type overlap struct {
	*worker
	due map[*life]time.Time
	end map[*life]time.Time
	// strangers: the pointer was there before us. relied: somebody else's consent or
	// assignment keeps it in the end.
	strangers, relied bool
	worst             time.Duration
}

// latest is how long after its end a grant may be in the tenant in this model: a
// dozen faults, each worth a late effect and a retry.
const latest = 5 * time.Hour

// TestOverlappingGrantsNeverCutEachOther runs many random sets of overlapping
// grants. A live grant is never cut, nothing of an ended one is left, and the
// pointer goes with the last grant if it was ours and nobody else relies on it.
func TestOverlappingGrantsNeverCutEachOther(t *testing.T) {
	t.Parallel()
	seed := *overlapSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	runs := 10_000
	if testing.Short() {
		runs = 1_000
	}
	const shards = 4
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			playAll(t, seed+uint64(shard), runs/shards)
		})
	}
}

func playAll(t *testing.T, seed uint64, runs int) {
	t.Helper()
	grants, worst := 0, time.Duration(0)
	for number := range runs {
		o, err := begin(rand.New(rand.NewPCG(seed, uint64(number))))
		if err == nil {
			err = o.play()
		}
		if err != nil {
			t.Fatalf("run %d of -overlap-seed=%d: %v", number, seed, err)
		}
		grants += len(o.lives)
		worst = max(worst, o.worst)
	}
	t.Logf("%d runs, %d grants, 0 cuts, 0 left over, worst end %s late, -overlap-seed=%d", runs, grants, worst, seed)
}

func begin(random *rand.Rand) (*overlap, error) {
	o := &overlap{worker: newWorker(noon(), random.IntN), due: map[*life]time.Time{}, end: map[*life]time.Time{}}
	o.strangers = random.IntN(4) == 0
	o.tenant.pointer = o.strangers
	o.relyOnPointer(random.IntN(6))
	// In a short span, and with few grants, the late effects of one meet the life of
	// the next.
	span := []int{10, 40, 480, 1440}[random.IntN(4)]
	most := []int{3, 19}[random.IntN(2)]
	for n := range 2 + random.IntN(most) {
		l, err := newLife(n, random.IntN)
		if err != nil {
			return nil, err
		}
		starts := noon().Add(time.Duration(random.IntN(span)) * time.Minute)
		o.due[l] = starts
		// Some ends come before the grant is whole, or before it was begun.
		o.end[l] = starts.Add(time.Duration(random.IntN(span)-span/20) * time.Minute)
		o.lives = append(o.lives, l)
	}
	return o, nil
}

// relyOnPointer adds a stranger's consent, or an assignment beside a stranger's
// pointer.
func (o *overlap) relyOnPointer(what int) {
	switch {
	case what == 0:
		o.consents = []access.Consent{{Resource: access.Exchange, Value: "IMAP.AccessAsApp"}}
		o.relied = true
	case what == 1 && o.strangers:
		o.assignments["theirs"] = access.Assignment{Name: "theirs", ID: "theirs", Role: "Application Mail.Send", Scope: "theirs", Enabled: true}
		o.relied = true
	case what == 2:
		o.consents = []access.Consent{{Resource: access.Graph, Value: "User.Read.All"}}
	}
}

// play works on whatever is due next until all have ended, and looks at everything
// after every run.
func (o *overlap) play() error {
	for l := o.next(); l != nil; l = o.next() {
		o.pass(later(o.now, o.due[l]))
		err := o.look()
		if err != nil {
			return fmt.Errorf("before grant %s is worked on: %w", l.ID, err)
		}
		err = o.advance(l)
		if err != nil {
			return err
		}
		err = o.look()
		if err != nil {
			return fmt.Errorf("after grant %s was worked on: %w", l.ID, err)
		}
	}
	o.pass(o.now.Add(grant.LateEffect))
	return errors.Join(o.look(), o.inTheEnd())
}

// next is the grant that is due first; nil when all have ended.
func (o *overlap) next() *life {
	var first *life
	for _, l := range o.lives {
		if !l.State.Ended() && (first == nil || o.due[l].Before(o.due[first])) {
			first = l
		}
	}
	return first
}

// advance is one invocation for one grant, as the service would do it.
func (o *overlap) advance(l *life) error {
	over := !o.now.Before(o.end[l])
	switch {
	case over && l.State == grant.Scheduled:
		l.State = grant.Denied
		return nil
	case l.State == grant.Scheduled:
		l.State = grant.Provisioning
		o.faults = o.chance(6)
	case over && l.State != grant.Revoking:
		l.State = grant.Revoking
		o.faults = o.chance(6)
	}
	next := plan.Provision
	if l.State == grant.Revoking {
		next = plan.Revoke
	}
	finished, err := o.run(l, next)
	if err != nil {
		return fmt.Errorf("%s grant %s: %w", l.State, l.ID, err)
	}
	o.due[l] = o.now.Add(time.Duration(1+o.chance(300)) * time.Second)
	if l.State == grant.Revoking && finished {
		l.State = grant.RevokedState
		o.worst = max(o.worst, o.now.Sub(o.end[l]))
	}
	if l.State == grant.Provisioning && finished {
		l.State = grant.Active
		o.due[l] = later(o.end[l], o.now)
	}
	return nil
}

// look finds cuts of live grants, what is left of ended ones, and overhang.
func (o *overlap) look() error {
	for _, l := range o.lives {
		if l.State == grant.Active {
			err := o.whole(l)
			if err != nil {
				return fmt.Errorf("a live grant was cut: %w", err)
			}
		}
		if l.State == grant.Revoking && o.now.Sub(o.end[l]) > latest {
			return fmt.Errorf("grant %s is in the tenant %s after its end", l.ID, o.now.Sub(o.end[l]))
		}
	}
	return o.nothingLeft()
}

func (o *overlap) inTheEnd() error {
	if len(o.scopes) > 0 {
		return fmt.Errorf("scopes are left: %v", o.scopes)
	}
	if !o.tenant.pointer && o.strangers {
		return errors.New("a stranger's pointer was removed")
	}
	if o.tenant.pointer && !o.strangers && !o.relied {
		return errors.New("our pointer is left after the last grant")
	}
	if _, there := o.assignments["theirs"]; !there && o.relied && len(o.consents) == 0 {
		return errors.New("a stranger's assignment was removed")
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
