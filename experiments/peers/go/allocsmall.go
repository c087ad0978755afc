package main

// A cell has its pointers behind the payload, as in experiments/workloads/alloc-small.c.
type cell[P any] struct {
	payload     P
	next, other *cell[P]
}

// allocSmall is experiments/workloads/alloc-small.c.
type allocSmall[P any] struct {
	count   uint64 // operations
	objects uint64 // an operation
	chain   uint64 // objects in a chain
	keep    uint64 // percent of the chains
	live    uint64 // chains that stay at most
	salt    uint64
}

type allocSmallState[P any] struct {
	plan   *allocSmall[P]
	ring   []*cell[P]
	chains uint64 // made so far
}

func newAllocSmall(p *params) workload {
	switch p.u64("bytes") {
	case 16:
		return planAllocSmall[struct{}](p)
	case 32:
		return planAllocSmall[[2]uint64](p)
	case 64:
		return planAllocSmall[[6]uint64](p)
	}
	return planAllocSmall[[14]uint64](p)
}

func planAllocSmall[P any](p *params) workload {
	return &allocSmall[P]{
		count:   p.u64("operations"),
		objects: p.u64("n"),
		chain:   p.u64("chain"),
		keep:    p.u64("keep"),
		live:    p.u64("live"),
		salt:    mix(p.u64("seed")),
	}
}

func (w *allocSmall[P]) operations() uint64 { return w.count }

func (w *allocSmall[P]) setup() state {
	return &allocSmallState[P]{plan: w, ring: make([]*cell[P], w.live)}
}

func (s *allocSmallState[P]) operate(number uint64) {
	w := s.plan
	for left := w.objects; left > 0; {
		length := w.chain
		if length > left {
			length = left
		}
		left -= length
		chance := mix(w.salt + s.chains)
		s.chains++
		last := makeChain[P](length, chance)
		if chance%100 < w.keep {
			s.ring[chance>>32%w.live] = last
		}
	}
}

// makeChain returns the last cell of a chain; bit i of chance says where cell i's other leads.
func makeChain[P any](length, chance uint64) *cell[P] {
	first := new(cell[P])
	last := first
	for i := uint64(1); i < length; i++ {
		made := new(cell[P])
		made.next = last
		if chance>>(i%64)&1 != 0 {
			made.other = first
		} else {
			made.other = last
		}
		last = made
	}
	return last
}

func (s *allocSmallState[P]) checksum() uint64 {
	sum := s.chains
	for slot, last := range s.ring {
		if last != nil {
			sum += foldChain(uint64(slot), last)
		}
	}
	return sum
}

func foldChain[P any](slot uint64, last *cell[P]) uint64 {
	first := last
	for first.next != nil {
		first = first.next
	}
	fold := mix(slot + 1)
	for at := last; at.next != nil; at = at.next {
		bit := uint64(0)
		if at.other == first && at.next != first {
			bit = 1
		}
		fold = mix(fold + bit)
	}
	return fold
}
