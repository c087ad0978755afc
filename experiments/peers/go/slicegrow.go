package main

import "unsafe"

const sliceBytesMax = 262144

// sliceGrow is experiments/workloads/slice-grow.c; the counters are explained there.
type sliceGrow struct {
	first, count, salt uint64
}

type sliceGrowState struct {
	plan   *sliceGrow
	digest uint64
	sum    uint64
	tally  sliceTally
}

type sliceTally struct {
	growths, capacities, elements, lastKind, lastCapacity uint64
}

type sliceItem struct {
	kind, capacity, step, length uint64
}

// The kinds of elements, in the order of the lab's list.
var sliceKinds = []struct {
	bytes uint64
	grow  func(s *sliceGrowState, item sliceItem) int
}{
	{1, plainGrowth[[1]byte]}, {2, plainGrowth[[2]byte]}, {3, plainGrowth[[3]byte]},
	{4, plainGrowth[[4]byte]}, {8, plainGrowth[[8]byte]}, {12, plainGrowth[[12]byte]},
	{16, plainGrowth[[16]byte]}, {24, plainGrowth[[24]byte]}, {40, plainGrowth[[40]byte]},
	{112, plainGrowth[[112]byte]}, {8, pointerGrowth[*byte]}, {16, pointerGrowth[string]},
	{24, pointerGrowth[[]byte]}, {40, pointerGrowth[sliceRecord]}, {96, pointerGrowth[sliceLarge]},
	{8, pointerGrowth[*byte]},
}

type sliceRecord struct {
	at   *byte
	rest [4]uint64
}

type sliceLarge struct {
	at   *byte
	rest [11]uint64
}

func newSliceGrow(p *params) workload {
	return &sliceGrow{p.u64("first"), p.u64("count"), mix(p.u64("seed"))}
}

func (w *sliceGrow) operations() uint64 { return w.count }

func (w *sliceGrow) setup() state { return &sliceGrowState{plan: w} }

func (w *sliceGrow) itemAt(number uint64) sliceItem {
	chance := mix(w.salt + number)
	more := mix(chance)
	item := sliceItem{kind: chance % uint64(len(sliceKinds)), step: 1}
	if chance>>8&1 != 0 {
		item.capacity = 1 + more%600
	}
	if chance>>9&1 != 0 {
		item.step = 1 + more>>16%50
	}
	if chance>>10%8 == 0 {
		item.step = 1 + more>>16%3000
	}
	item.length = 1 + more>>32%(sliceBytesMax/sliceKinds[item.kind].bytes)
	return item
}

// pointerGrowth appends to a slice until it is as long as it shall be; returns its capacity.
func pointerGrowth[E any](s *sliceGrowState, item sliceItem) int {
	return cap(grown[E](s, item, nil))
}

// plainGrowth has elements without pointers, and reads them back.
func plainGrowth[E any](s *sliceGrowState, item sliceItem) int {
	slice := grown[E](s, item, func(element *E, number int) {
		*(*byte)(unsafe.Pointer(element)) = byte(number)
	})
	for i := range slice {
		s.sum += uint64(*(*byte)(unsafe.Pointer(&slice[i])))
	}
	return cap(slice)
}

func grown[E any](s *sliceGrowState, item sliceItem, fill func(element *E, number int)) []E {
	var slice []E
	if item.capacity > 0 {
		slice = make([]E, 0, item.capacity)
	}
	added := make([]E, item.step)
	for uint64(len(slice)) < item.length {
		before, length := cap(slice), len(slice)
		slice = append(slice, added...)
		if cap(slice) != before {
			s.tally.growths++
			s.digest = mix(s.digest ^ uint64(cap(slice)))
		}
		for i := length; fill != nil && i < len(slice); i++ {
			fill(&slice[i], i)
		}
	}
	return slice
}

func (s *sliceGrowState) operate(number uint64) {
	w := s.plan
	item := w.itemAt(w.first + number)
	capacity := uint64(sliceKinds[item.kind].grow(s, item))
	s.tally.elements += capacity
	if number+1 == w.count {
		s.tally.capacities = s.digest & digestMask
		s.tally.lastKind, s.tally.lastCapacity = item.kind, capacity
	}
}

func (s *sliceGrowState) checksum() uint64 { return s.sum }

func (s *sliceGrowState) counters() map[string]uint64 {
	return ownCounters("slice-grow", map[string]uint64{
		"growths":       s.tally.growths,
		"capacities":    s.tally.capacities,
		"elements":      s.tally.elements,
		"last_kind":     s.tally.lastKind,
		"last_capacity": s.tally.lastCapacity,
	})
}
