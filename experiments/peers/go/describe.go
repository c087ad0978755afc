package main

import "fmt"

// settings of the lab's runtime that mean something to Go.
var settingNames = []string{"runtime", "strategy", "mutators", "gogc", "gc.processors", "gc.limit",
	"gc.trace"}

// facts are the counters that report may print. Those of the lab and of its workloads by their
// names alone; Go's own with unit, how mutators' values add up, which way is better, and help.
var facts = []string{
	"gc.cycles", "timed.cycles", "setup.cycles", "gc.forced", "alloc.bytes", "alloc.objects",
	"timed.alloc_bytes", "heap.goal_bytes",
	"gc.assist_ns", "gc.dedicated_ns", "gc.idle_ns",
	"map.entries", "map.buckets", "map.bucket_bytes", "map.grow_events", "map.overflow",
	"workload/map-churn.doublings", "workload/map-churn.same_size", "workload/map-churn.moments",
	"workload/map-churn.overflow", "workload/map-churn.growing", "workload/map-churn.entries",
	"workload/map-churn.since", "workload/map-churn.squares",
	"workload/alloc-sizes.charged", "workload/alloc-sizes.cells", "workload/alloc-sizes.blocks",
	"workload/alloc-sizes.places", "workload/alloc-sizes.last_asked",
	"workload/alloc-sizes.last_charged", "workload/alloc-sizes.last_scanned",
	"workload/slice-grow.growths", "workload/slice-grow.capacities",
	"workload/slice-grow.elements", "workload/slice-grow.last_kind",
	"workload/slice-grow.last_capacity",
	"go.pause_total_ns|ns|none|less|all stops, added up, as MemStats has them",
	"go.pause_cpu_ns|ns|none|less|processor time of stops: their time, times the processors",
	"go.map_overflow||last|neither|overflow buckets in chains of the last map",
	"go.map_tables||last|neither|tables of the last map, from 1.24 on",
}

// describe says what this program can do, for the lab to ask (core/plan/peer_describe.c).
func describe() {
	for name := range workloads {
		fmt.Println("workload", name)
	}
	for name := range strategies {
		fmt.Println("strategy", name)
	}
	for _, name := range settingNames {
		fmt.Println("setting", name)
	}
	for _, fact := range facts {
		fmt.Println("fact", fact)
	}
	fmt.Println("end")
}
