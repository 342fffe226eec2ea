package access

import "math/bits"

// set is a set of mailboxes, one bit for each place in the universe. Sets of one
// universe have the same length. A set that is shared is never changed.
type set []uint64

func newSet(size int) set { return make(set, (size+63)/64) }

// fullSet has a bit for each of size places and none beyond them.
func fullSet(size int) set {
	s := newSet(size)
	for i := range s {
		s[i] = ^uint64(0)
	}
	if rest := size % 64; rest != 0 {
		s[len(s)-1] = 1<<rest - 1
	}
	return s
}

func (s set) add(at int) { s[at/64] |= 1 << (at % 64) }

func (s set) drop(at int) { s[at/64] &^= 1 << (at % 64) }

func (s set) has(at int) bool { return s[at/64]&(1<<(at%64)) != 0 }

func (s set) clone() set { return append(set(nil), s...) }

// unite adds the other's members to s.
func (s set) unite(other set) {
	for i, w := range other {
		s[i] |= w
	}
}

// intersect keeps in s what is in the other too.
func (s set) intersect(other set) {
	for i, w := range other {
		s[i] &= w
	}
}

// subtract takes the other's members out of s.
func (s set) subtract(other set) {
	for i, w := range other {
		s[i] &^= w
	}
}

func (s set) count() int {
	total := 0
	for _, w := range s {
		total += bits.OnesCount64(w)
	}
	return total
}

func (s set) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

func (s set) equal(other set) bool {
	for i, w := range other {
		if s[i] != w {
			return false
		}
	}
	return true
}

// span is a set of mailboxes of which not all may be known: the mailboxes that belong
// to it for certain, and those that may. What is sure is always possible too.
type span struct {
	sure, possible set
}

func (s span) certain() bool { return s.sure.equal(s.possible) }

// not is the span of what is left of all.
func (s span) not(all set) span {
	sure, possible := all.clone(), all.clone()
	sure.subtract(s.possible)
	possible.subtract(s.sure)
	return span{sure, possible}
}

func (s span) and(other span) span {
	made := span{s.sure.clone(), s.possible.clone()}
	made.sure.intersect(other.sure)
	made.possible.intersect(other.possible)
	return made
}

func (s span) or(other span) span {
	made := span{s.sure.clone(), s.possible.clone()}
	made.sure.unite(other.sure)
	made.possible.unite(other.possible)
	return made
}
