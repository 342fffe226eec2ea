package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The rows of `make prove`. Each is a test named TestProve…; without the flag -prove
// it tries a sample, drawn by the seed, which is short enough for `make test`.
var proveFlag = flag.String("prove", "", "file that gets one JSON line for each row; every row is then tried in full")

// row is one line of the table as scripts/prove reads it.
type row struct {
	Number    int     `json:"number"`
	Name      string  `json:"name"`
	Mechanism string  `json:"mechanism,omitempty"`
	Tried     int     `json:"tried"`
	Failed    int     `json:"failed"`
	Note      string  `json:"note,omitempty"`
	Seed      uint64  `json:"seed"`
	Seconds   float64 `json:"seconds"`
}

// proof is how one row is tried. Every mechanism that is registered is tried alike.
type proof struct {
	number int
	name   string
	// trials lists everything that is tried for one mechanism.
	trials func(g *ground, m mechanism) []trial
	// sample is how many of them the short form draws; 0 means all.
	sample int
	// sampled is how many trials it draws of a mechanism that is sampled and not another
	// form of rbac; 0 leaves that to the mechanism.
	sampled int
	// plays: its trials ask for every kind of scope themselves, so they are not repeated
	// for the mechanisms that are sampled.
	plays bool
}

// trial is one try: a whole life, or one storm of deliveries.
type trial struct {
	name string
	// kind is what the row's note counts.
	kind string
	// size is how many single tries it holds; 0 means one.
	size int
	run  func(g *ground, f *findings)
}

// ground is what a trial runs on: the bed, and the package under test.
type ground struct {
	*bed
	folder func() (string, error)
	full   bool
	// pace divides the waits between the tries of a call.
	pace int
}

// usualPace shortens the seconds that a refused call waits, which are no part of what
// most rows are about.
const usualPace = 20

// mostAtOnce bounds how many lives run at once: each is a process, and there may be no
// more than two cores. Without the race detector each is a small one that mostly waits.
func mostAtOnce() int {
	if *proveFlag != "" {
		return 4
	}
	return 2
}

// mostUnreached is how many trials of a row may miss the point that they wait for:
// messages to the notifier run beside the work, so a life may have a write less.
const mostUnreached = 3

// prove tries a row on the package as it is, for every mechanism, and reports it.
func prove(t *testing.T, p proof) {
	b := newBed(t)
	g := &ground{bed: b, folder: b.simulated, full: *proveFlag != "", pace: usualPace}
	for i, m := range mechanisms() {
		if p.skips(g, m, i) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			began := time.Now()
			_, wrong := b.calm(g, m)
			if len(wrong) > 0 {
				t.Fatalf("a life without any trouble went wrong: %s", strings.Join(wrong, "\n"))
			}
			trials := p.trials(g, m)
			switch {
			case m.sampled > 0 && g.full:
				trials = drawn(trials, p.sampledOf(m), b.seed, p.number)
			case m.sampled > 0:
				trials = drawn(trials, 1, b.seed, p.number)
			case !g.full:
				trials = drawn(trials, p.sample, b.seed, p.number)
			}
			if len(trials) == 0 {
				t.Fatal("nothing is tried")
			}
			tally := tryAll(t, g, trials)
			result := tally.row(p, m, b.seed)
			result.Seconds = time.Since(began).Seconds()
			report(t, result)
		})
	}
}

// sampledOf is how many trials of a mechanism the full form draws of which only a sample is
// tried.
func (p proof) sampledOf(m mechanism) int {
	if m.crowd > 0 {
		return max(m.sampled, p.sampled)
	}
	return m.sampled
}

// skips reports whether a mechanism of which only a sample is tried is left out: the
// short form takes one of them for each row.
func (p proof) skips(g *ground, m mechanism, place int) bool {
	if m.sampled == 0 {
		return false
	}
	sampled := len(mechanisms()) - 1
	return p.plays || !g.full && place != 1+int((g.seed+uint64(p.number))%uint64(sampled))
}

// drawn is a random sample in the trials' own order.
func drawn(trials []trial, sample int, seed uint64, number int) []trial {
	if sample == 0 || sample >= len(trials) {
		return trials
	}
	places := rand.New(rand.NewPCG(seed, uint64(number))).Perm(len(trials))[:sample]
	slices.Sort(places)
	chosen := make([]trial, sample)
	for i, place := range places {
		chosen[i] = trials[place]
	}
	return chosen
}

// tally counts what the trials of a row found.
type tally struct {
	mutex                    sync.Mutex
	tried, failed, unreached int
	kinds                    map[string]int
}

func tryAll(t *testing.T, g *ground, trials []trial) *tally {
	counted := &tally{kinds: map[string]int{}}
	t.Run("trials", func(t *testing.T) {
		for _, one := range trials {
			t.Run(one.name, func(t *testing.T) {
				t.Parallel()
				found := g.try(one)
				counted.count(one, found)
				for _, wrong := range found.wrong {
					t.Error(wrong)
				}
			})
		}
	})
	if counted.unreached > mostUnreached {
		t.Errorf("%d trials did not reach the point that they wait for", counted.unreached)
		counted.failed++
	}
	return counted
}

// mostTries is how often a trial is begun that does not reach its point.
const mostTries = 3

// try runs one trial when there is room for it, and again when it did not reach the
// point that it waits for.
func (g *ground) try(one trial) *findings {
	g.lives <- struct{}{}
	defer func() { <-g.lives }()
	var found *findings
	for range mostTries {
		found = observe(func(f *findings) { one.run(g, f) })
		if !found.unreached || len(found.wrong) > 0 {
			break
		}
	}
	return found
}

func (c *tally) count(one trial, found *findings) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	size := max(one.size, 1)
	switch {
	case len(found.wrong) > 0:
		c.failed++
	case found.unreached:
		c.unreached++
		return
	}
	c.tried += size
	c.kinds[one.kind] += size
	for words, n := range found.counted {
		c.kinds[words] += n
	}
}

func (c *tally) row(p proof, m mechanism, seed uint64) row {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(c.kinds)) {
		parts = append(parts, fmt.Sprintf("%d %s", c.kinds[kind], kind))
	}
	if c.unreached > 0 {
		parts = append(parts, fmt.Sprintf("%d not reached", c.unreached))
	}
	return row{Number: p.number, Name: p.name, Mechanism: m.name, Tried: c.tried, Failed: c.failed, Note: strings.Join(parts, ", "), Seed: seed}
}

// report logs a row and, in the full form, appends it to the file.
func report(t *testing.T, result row) {
	t.Helper()
	line, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("row %s", line)
	if *proveFlag == "" {
		return
	}
	file, err := os.OpenFile(*proveFlag, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n'))
	if err != nil {
		t.Fatal(err)
	}
}

// findings are what was wrong in one trial. They stand in for testing.T, so that a
// trial can be expected to fail.
type findings struct {
	mutex sync.Mutex
	wrong []string
	// unreached: the life did not come to the point at which it was to be troubled.
	unreached bool
	// counted is what the row's note tells beside the number of tries.
	counted map[string]int
}

// observe runs a trial in a goroutine of its own, which Fatalf can end.
func observe(do func(f *findings)) *findings {
	var f findings
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(&f)
	}()
	<-done
	return &f
}

func (f *findings) Errorf(format string, args ...any) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
}

// count adds to what the row's note tells under these words.
func (f *findings) count(words string, n int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.counted == nil {
		f.counted = map[string]int{}
	}
	f.counted[words] += n
}

func (f *findings) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}
