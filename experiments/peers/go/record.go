package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// report prints the record of the trial:
//
//	go VERSION
//	time FIRST LAST           operations began and ended, ns on the monotonic clock
//	checksum HEX              summed over the mutators
//	op NS                     of each operation
//	pause TOTAL STOPPING PHASE  of each stop, ns; setup: it was before the operations, timed, or after.
//	                            STOPPING is - when the runtime does not tell it
//	counter NAME VALUE
//	done
//
// A trial that did not run with its settings prints one line and nothing else (settings.go):
//
//	invalid SETTING WHY
func report(mutators []*mutator, begin, end *collector, between [4]*pauses) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, "go %s\n", runtime.Version())
	reportOperations(out, mutators)
	for i, phase := range []string{"setup", "timed", "after"} {
		reportPauses(out, between[i], between[i+1], phase)
	}
	reportCounters(out, begin, end)
	fmt.Fprintf(out, "counter setup.cycles %d\n", between[1].cycles()-between[0].cycles())
	fmt.Fprintf(out, "counter timed.cycles %d\n", between[2].cycles()-between[1].cycles())
	fmt.Fprintf(out, "counter timed.alloc_bytes %d\n", between[2].allocated()-between[1].allocated())
	reportOwn(out, mutators)
	if shaper, has := mutators[0].state.(shaper); has {
		reportShape(out, shaper)
	}
	fmt.Fprintln(out, "done")
}

func reportOperations(out *bufio.Writer, mutators []*mutator) {
	first, last, sum := mutators[0].begin, mutators[0].end, uint64(0)
	for _, m := range mutators {
		if m.begin < first {
			first = m.begin
		}
		if m.end > last {
			last = m.end
		}
		sum += m.checksum
		for _, ns := range m.opNs {
			fmt.Fprintf(out, "op %d\n", ns)
		}
	}
	fmt.Fprintf(out, "time %d %d\nchecksum %x\n", first, last, sum)
}

// reportPauses pairs the two histograms by rank: the runtime does not say which stop was which. A stop
// is in the phase in which it ended.
func reportPauses(out *bufio.Writer, begin, end *pauses, phase string) {
	total := since(begin.total(), end.total())
	stopping := since(begin.stopping(), end.stopping())
	for i, ns := range total {
		part := "-"
		if i < len(stopping) && stopping[i] < ns {
			part = fmt.Sprint(stopping[i])
		} else if i < len(stopping) {
			part = fmt.Sprint(ns)
		}
		fmt.Fprintf(out, "pause %d %s %s\n", ns, part, phase)
	}
}

func reportCounters(out *bufio.Writer, begin, end *collector) {
	counter := func(name string, value uint64) { fmt.Fprintf(out, "counter %s %d\n", name, value) }
	counter("gc.cycles", uint64(end.memory.NumGC-begin.memory.NumGC))
	counter("gc.forced", uint64(end.memory.NumForcedGC-begin.memory.NumForcedGC))
	counter("alloc.bytes", end.memory.TotalAlloc-begin.memory.TotalAlloc)
	counter("alloc.objects", end.memory.Mallocs-begin.memory.Mallocs)
	if bytes, has := goal(end); has {
		counter("heap.goal_bytes", bytes)
	}
	counter("go.pause_total_ns", end.memory.PauseTotalNs-begin.memory.PauseTotalNs)
	for name, ns := range end.cpuNs {
		counter(name, ns-begin.cpuNs[name])
	}
}

// goal is none when the collector is off: the runtime then says a number beyond any memory, or, before
// 1.21, what that becomes in its arithmetic.
func goal(end *collector) (bytes uint64, has bool) {
	has = end.percent >= 0 || debug.SetMemoryLimit(-1) != math.MaxInt64
	return end.memory.NextGC, has
}

func reportOwn(out *bufio.Writer, mutators []*mutator) {
	sums := map[string]uint64{}
	for _, m := range mutators {
		if counting, has := m.state.(counting); has {
			for name, value := range counting.counters() {
				sums[name] += value
			}
		}
	}
	for name, value := range sums {
		fmt.Fprintf(out, "counter %s %d\n", name, value)
	}
}

// ownCounters names what the lab's workload of that name counts.
func ownCounters(workload string, values map[string]uint64) map[string]uint64 {
	counters := map[string]uint64{}
	for name, value := range values {
		counters["workload/"+workload+"."+name] = value
	}
	return counters
}

func reportShape(out *bufio.Writer, from shaper) {
	shape, has := from.shape()
	if !has {
		return
	}
	for _, fact := range []struct {
		name  string
		value uint64
	}{
		{"map.entries", shape.entries},
		{"map.buckets", shape.buckets},
		{"map.bucket_bytes", shape.bucketBytes},
		{"go.map_overflow", shape.overflow},
		{"go.map_tables", shape.tables},
	} {
		fmt.Fprintf(out, "counter %s %d\n", fact.name, fact.value)
	}
}
