package main

import (
	"runtime"
	"unsafe"
)

const (
	blockWords = 64
	blockValue = blockWords - 1
)

// The blocks of steady-heap. What they have in common is read as words.
type (
	plainBlock [blockWords]uint64
	fewBlock   struct {
		to   [8]unsafe.Pointer
		rest [blockWords - 8]uint64
	}
	mostBlock struct {
		to    [blockValue]unsafe.Pointer
		value uint64
	}
)

// steadyHeap is experiments/workloads/steady-heap.c.
type steadyHeap struct {
	blocks, pointers, pieceBytes, pieces, work, force, count, salt uint64
	newBlock                                                       func() unsafe.Pointer
	building                                                       quiet
}

type steadyHeapState struct {
	plan   *steadyHeap
	blocks []unsafe.Pointer
	sum    uint64
}

func newSteadyHeap(p *params) workload {
	w := &steadyHeap{
		blocks:     p.u64("live") / (8 * blockWords),
		pointers:   p.u64("pointers"),
		pieceBytes: p.u64("piece"),
		pieces:     p.u64("pieces"),
		work:       p.u64("work"),
		force:      p.u64("force"),
		count:      p.u64("operations"),
		salt:       mix(p.u64("seed")),
	}
	switch w.pointers {
	case 0:
		w.newBlock = func() unsafe.Pointer { return unsafe.Pointer(new(plainBlock)) }
	case 8:
		w.newBlock = func() unsafe.Pointer { return unsafe.Pointer(new(fewBlock)) }
	default:
		w.newBlock = func() unsafe.Pointer { return unsafe.Pointer(new(mostBlock)) }
	}
	return w
}

func (w *steadyHeap) operations() uint64 { return w.count }

func (w *steadyHeap) target(number, at uint64) uint64 {
	if number == 0 {
		return 0
	}
	return mix(w.salt+blockWords*number+at) % number
}

func (w *steadyHeap) setup() state {
	s := &steadyHeapState{plan: w}
	w.building.begin()
	s.blocks = make([]unsafe.Pointer, w.blocks)
	for number := range s.blocks {
		block := w.newBlock()
		s.blocks[number] = block
		if w.pointers > 0 {
			to := (*[blockValue]unsafe.Pointer)(block)
			for at := uint64(0); at < w.pointers; at++ {
				to[at] = s.blocks[w.target(uint64(number), at)]
			}
		}
		(*plainBlock)(block)[blockValue] = mix(w.salt ^ uint64(number))
	}
	runtime.GC()
	w.building.end()
	return s
}

func labour(rounds, number uint64) uint64 {
	for i := uint64(0); i < rounds; i++ {
		number = mix(number + i)
	}
	return number
}

func (s *steadyHeapState) operate(number uint64) {
	w := s.plan
	for i := uint64(0); i < w.pieces; i++ {
		lastBytes = make([]byte, w.pieceBytes)
		done := labour(w.work, number+i)
		*(*uint64)(unsafe.Pointer(&lastBytes[0])) = done
		s.sum += done
	}
	if w.force > 0 && (number+1)%w.force == 0 {
		runtime.GC()
	}
}

func (s *steadyHeapState) checksum() uint64 {
	sum := s.sum
	for number, block := range s.blocks {
		to := block
		if s.plan.pointers > 0 {
			to = (*[blockValue]unsafe.Pointer)(block)[uint64(number)%s.plan.pointers]
		}
		sum += mix((*plainBlock)(block)[blockValue] + 3*(*plainBlock)(to)[blockValue])
	}
	return sum
}
