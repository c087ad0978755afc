package main

import (
	"runtime"
	"unsafe"
)

const (
	tinyBatch  = 64
	tinyBytes  = 16
	digestMask = 1<<48 - 1
)

// allocSizes is experiments/workloads/alloc-sizes.c; the counters are explained there. A charge is
// what the runtime says that it allocated in all, before and after.
type allocSizes struct {
	first, count, salt uint64
}

type allocSizesState struct {
	plan          *allocSizes
	cells, places uint64
	done          uint64
	tally         sizesTally
	memory        runtime.MemStats
}

type sizesTally struct {
	charged, cells, blocks, places, asked, lastCharged, scanned uint64
}

// What was allocated last: so that the compiler does not keep it on a stack.
var (
	lastBytes    []byte
	lastPointers []*byte
)

func newAllocSizes(p *params) workload {
	return &allocSizes{p.u64("first"), p.u64("count"), mix(p.u64("seed"))}
}

func (w *allocSizes) operations() uint64 { return w.count }

func (w *allocSizes) setup() state { return &allocSizesState{plan: w} }

func sizeOf(choice, chance uint64) uint64 {
	edges := [8]uint64{256, 512, 1024, 2048, 8192, 32760, 32768, 65536}
	switch choice {
	case 0, 1:
		return tinyBytes + chance%1008
	case 2, 3:
		return tinyBytes + chance%32768
	case 4, 5:
		return edges[chance%8] - 16 + chance>>8%33
	case 6:
		return 32768 + chance%262144
	}
	return 32768 + chance%1048576
}

func (s *allocSizesState) allocated() uint64 {
	runtime.ReadMemStats(&s.memory)
	return s.memory.TotalAlloc
}

func (s *allocSizesState) operate(number uint64) {
	w := s.plan
	chance := mix(w.salt + w.first + number)
	if chance%8 == 0 {
		s.allocateTiny(mix(w.salt - number - w.first))
	} else {
		s.allocate(chance, number+1 == w.count)
	}
	s.done++
	if number+1 == w.count {
		s.tally.cells = s.cells & digestMask
		s.tally.places = s.places & digestMask
	}
}

func (s *allocSizesState) allocate(chance uint64, isLast bool) {
	scan := chance >> 8 & 1
	choice := chance >> 16 % 8
	if choice == 7 && chance>>24%4 != 0 {
		choice = 0
	}
	bytes := sizeOf(choice, mix(chance))
	if scan == 1 {
		bytes &^= 7
	}
	before := s.allocated()
	if scan == 1 {
		lastPointers = make([]*byte, bytes/8)
	} else {
		lastBytes = make([]byte, bytes)
	}
	charge := s.allocated() - before
	s.tally.charged += charge
	s.cells = mix(mix(s.cells^bytes) + 2*charge + scan)
	if isLast {
		s.tally.asked, s.tally.lastCharged, s.tally.scanned = bytes, charge, scan
	}
}

func (s *allocSizesState) allocateTiny(chance uint64) {
	for place := uint64(0); place != tinyBytes-1; {
		lastBytes = make([]byte, 1)
		place = uint64(uintptr(unsafe.Pointer(&lastBytes[0]))) % tinyBytes
	}
	for i := uint64(0); i < tinyBatch; i++ {
		bytes := 1 + mix(chance+i)%(tinyBytes-1)
		lastBytes = make([]byte, bytes)
		place := uint64(uintptr(unsafe.Pointer(&lastBytes[0]))) % tinyBytes
		if place == 0 {
			s.tally.blocks++
		}
		s.places = mix(s.places ^ (tinyBytes*bytes + place))
	}
}

func (s *allocSizesState) checksum() uint64 { return s.done }

func (s *allocSizesState) counters() map[string]uint64 {
	return ownCounters("alloc-sizes", map[string]uint64{
		"charged":      s.tally.charged,
		"cells":        s.tally.cells,
		"blocks":       s.tally.blocks,
		"places":       s.tally.places,
		"last_asked":   s.tally.asked,
		"last_charged": s.tally.lastCharged,
		"last_scanned": s.tally.scanned,
	})
}
