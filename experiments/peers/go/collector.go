package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// collector is what the runtime says of its work so far.
type collector struct {
	memory  runtime.MemStats
	cpuNs   map[string]uint64
	percent int // GOGC; -1: off
}

// pauses are what the runtime says of its stops and cycles so far. Once they are made, reading them
// allocates nothing and stops nobody: it is done just before the operations, and just after.
type pauses struct {
	samples []metrics.Sample
}

// stops are stops of the world whose duration is in a bucket of a histogram, with the middle of
// the bucket. The buckets are a quarter of a power of two wide.
type stops struct {
	ns, count uint64
}

// Durations of stops, one sample a stop; since 1.22 the first two, before that the third.
const (
	metricTotal    = "/sched/pauses/total/gc:seconds"
	metricStopping = "/sched/pauses/stopping/gc:seconds"
	metricPauses   = "/gc/pauses:seconds"
	metricCycles   = "/gc/cycles/total:gc-cycles" // that have ended
	metricAllocs   = "/gc/heap/allocs:bytes"
)

func newPauses() *pauses {
	p := &pauses{[]metrics.Sample{
		{Name: metricTotal}, {Name: metricStopping}, {Name: metricPauses}, {Name: metricCycles},
		{Name: metricAllocs}}}
	p.read() // the histograms have their memory from now on
	return p
}

func (p *pauses) read() { metrics.Read(p.samples) }

func (p *pauses) total() []stops {
	if total := histogram(p.samples[0].Value); total != nil {
		return total
	}
	return histogram(p.samples[2].Value)
}

// stopping is empty when the release does not tell.
func (p *pauses) stopping() []stops { return histogram(p.samples[1].Value) }

func (p *pauses) allocated() uint64 { return p.samples[4].Value.Uint64() }

func (p *pauses) cycles() uint64 { return p.samples[3].Value.Uint64() }

// GOGC, from 1.21 on.
const metricPercent = "/gc/gogc:percent"

// readPercent returns GOGC; -1: off. Releases that do not tell it tell what it was when it is set:
// there it is off for a moment, in which no other goroutine may need it on.
func readPercent() int {
	sample := []metrics.Sample{{Name: metricPercent}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		return int(int32(sample[0].Value.Uint64()))
	}
	percent := debug.SetGCPercent(-1)
	debug.SetGCPercent(percent)
	return percent
}

// CPU time, from 1.20 on, under the names of the lab's counters.
var cpuMetrics = map[string]string{
	"/cpu/classes/gc/mark/assist:cpu-seconds":    "gc.assist_ns",
	"/cpu/classes/gc/mark/dedicated:cpu-seconds": "gc.dedicated_ns", // and fractional
	"/cpu/classes/gc/mark/idle:cpu-seconds":      "gc.idle_ns",
	"/cpu/classes/gc/pause:cpu-seconds":          "go.pause_cpu_ns",
}

// readCollector reads the pauses at the same time.
func readCollector(p *pauses) *collector {
	c := &collector{cpuNs: map[string]uint64{}, percent: readPercent()}
	var samples []metrics.Sample
	for name := range cpuMetrics {
		samples = append(samples, metrics.Sample{Name: name})
	}
	runtime.ReadMemStats(&c.memory)
	p.read()
	metrics.Read(samples)
	for _, sample := range samples {
		if sample.Value.Kind() == metrics.KindFloat64 {
			c.cpuNs[cpuMetrics[sample.Name]] = uint64(sample.Value.Float64() * 1e9)
		}
	}
	return c
}

func histogram(value metrics.Value) []stops {
	if value.Kind() != metrics.KindFloat64Histogram {
		return nil
	}
	from := value.Float64Histogram()
	buckets := make([]stops, len(from.Counts))
	for i, count := range from.Counts {
		low, high := from.Buckets[i], from.Buckets[i+1]
		if math.IsInf(low, -1) {
			low = 0
		}
		if math.IsInf(high, 1) {
			high = low
		}
		buckets[i] = stops{uint64((low + high) / 2 * 1e9), count}
	}
	return buckets
}

// since returns the duration of each stop between two readings, shortest first.
func since(begin, end []stops) []uint64 {
	var durations []uint64
	for i, bucket := range end {
		count := bucket.count
		if i < len(begin) {
			count -= begin[i].count
		}
		for ; count > 0; count-- {
			durations = append(durations, bucket.ns)
		}
	}
	return durations
}
