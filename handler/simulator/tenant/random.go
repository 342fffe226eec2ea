package tenant

import (
	"math/rand/v2"
	"sync"
	"time"
)

// dice makes every random choice from one seed, so that a run can be looked at again.
type dice struct {
	mutex  sync.Mutex
	source *rand.Rand
}

// diceStream separates this generator's sequence from others that were given the same seed.
const diceStream = 0x7465_6e61_6e74

func newDice(seed uint64) *dice {
	return &dice{source: rand.New(rand.NewPCG(seed, diceStream))}
}

// percent reports true in n of a hundred calls on average.
func (d *dice) percent(n int) bool {
	return d.below(100) < n
}

// below returns a number from 0 to n-1; n must be positive.
func (d *dice) below(n int) int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.source.IntN(n)
}

// upTo returns a span from zero to longest, both included.
func (d *dice) upTo(longest time.Duration) time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return time.Duration(d.source.Int64N(int64(longest) + 1))
}

func (d *dice) shuffle(n int, swap func(i, j int)) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.source.Shuffle(n, swap)
}
