// Command peer carries out a workload of the lab in Go: one trial, as the lab's worker does it.
//
//	peer WORKLOAD KEY=VALUE...
//	peer describe                  says what it can do (describe.go)
//
// Every parameter of the workload must be given; the lab passes all of them. GOGC, GOMAXPROCS and
// GOMEMLIMIT come by the environment, as for any Go program. The trial record goes to standard
// output, one fact a line (record.go); what is wrong goes to standard error, with exit status 2.
//
// The workloads do what their namesakes in experiments/workloads do, entry by entry, and so come
// to the same checksum.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"unsafe"
)

// A workload is constant once it is made: all mutators share it.
type workload interface {
	operations() uint64
	setup() state
}

// A state is what one mutator keeps.
type state interface {
	operate(number uint64)
	checksum() uint64
}

// A shaper has a map whose layout can be told.
type shaper interface {
	shape() (mapShape, bool)
}

// A counting state has counters of its own, which are summed over the mutators.
type counting interface {
	counters() map[string]uint64
}

var workloads = map[string]func(*params) workload{
	"map-merge":   newMapMerge,
	"alloc-small": newAllocSmall,
	"tree":        newTree,
	"map-churn":   newMapChurn,
	"alloc-sizes": newAllocSizes,
	"slice-grow":  newSliceGrow,
	"steady-heap": newSteadyHeap,
}

//go:linkname nanotime runtime.nanotime
func nanotime() int64 // CLOCK_MONOTONIC, as the lab's clock

// offHeap returns zeroed memory that the collector does not know of, so that measuring does not
// change what is measured.
func offHeap(count uint64) []int64 {
	if count == 0 {
		return nil
	}
	bytes, err := syscall.Mmap(-1, 0, int(count)*8, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		fail("no memory for the times of %d operations: %v", count, err)
	}
	return unsafe.Slice((*int64)(unsafe.Pointer(&bytes[0])), count)
}

func fail(format string, arguments ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(2)
}

// A mutator is one goroutine that runs the workload.
type mutator struct {
	state      state
	opNs       []int64
	begin, end int64
	checksum   uint64
}

func (m *mutator) run(w workload, settings *settings, ready, done *sync.WaitGroup) {
	m.state = w.setup()
	count := w.operations()
	settings.arrive()
	ready.Done()
	ready.Wait()
	m.begin = nanotime()
	before := m.begin
	for i := uint64(0); i < count; i++ {
		m.state.operate(i)
		now := nanotime()
		m.opNs[i] = now - before
		before = now
	}
	m.end = before
	settings.arrive()
	done.Done()
	done.Wait()
	m.checksum = m.state.checksum()
}

func main() {
	if len(os.Args) < 2 {
		fail("usage: peer WORKLOAD KEY=VALUE...")
	}
	if os.Args[1] == "describe" {
		describe()
		return
	}
	make, known := workloads[os.Args[1]]
	if !known {
		fail("the Go program has no workload %q", os.Args[1])
	}
	p := parseParams(os.Args[2:])
	var between [4]*pauses // set-up, operations and what comes after them
	for i := range between {
		between[i] = newPauses()
	}
	begin := readCollector(between[0])
	w := make(p)
	mutators := runMutators(p, w, newSettings(p, between[1], between[2]))
	end := readCollector(between[3])
	debug.SetGCPercent(-1) // what the collector prints shall not cut the report's lines
	report(mutators, begin, end, between)
	runtime.KeepAlive(mutators)
}

func runMutators(p *params, w workload, settings *settings) []*mutator {
	p.strategy.begin()
	var ready, done, joined sync.WaitGroup
	mutators := make([]*mutator, p.u64("mutators"))
	ready.Add(len(mutators))
	done.Add(len(mutators))
	joined.Add(len(mutators))
	for i := range mutators {
		m := &mutator{opNs: offHeap(w.operations())}
		mutators[i] = m
		go func() {
			m.run(w, settings, &ready, &done)
			joined.Done()
		}()
	}
	joined.Wait()
	p.strategy.end()
	return mutators
}
