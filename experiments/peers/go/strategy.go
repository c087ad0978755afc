package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// A strategy is what a Go programmer would write in place of each mitigation of the chain. Their
// order makes no difference to any of these.
type strategy struct {
	presize    bool
	pool       bool
	gcOff      bool
	chunk      uint64 // entries in a piece; 0: in one
	yield      bool
	gogcBefore int
}

var strategies = map[string]func(*strategy, *params){
	"none":    func(*strategy, *params) {},
	"presize": func(s *strategy, _ *params) { s.presize = true },
	"pool":    func(s *strategy, _ *params) { s.pool = true },
	"gc-off":  func(s *strategy, _ *params) { s.gcOff = true },
	"chunked-merge": func(s *strategy, p *params) {
		s.chunk = p.u64("strategy.chunked-merge.chunk")
		s.yield = p.bool("strategy.chunked-merge.yield")
	},
}

func parseStrategy(p *params) strategy {
	var s strategy
	for _, link := range strings.Split(p.text("strategy"), "+") {
		link = strings.TrimSpace(link)
		set, known := strategies[link]
		if !known {
			fail("the Go program has no strategy %q", link)
		}
		set(&s, p)
	}
	return s
}

func (s *strategy) begin() {
	if s.gcOff {
		s.gogcBefore = debug.SetGCPercent(-1)
	}
}

func (s *strategy) end() {
	if s.gcOff {
		debug.SetGCPercent(s.gogcBefore)
	}
}

// hint is the size to make a map with.
func (s *strategy) hint(asked, expected uint64) int {
	if s.presize && expected > asked {
		return int(expected)
	}
	return int(asked)
}

// pieces calls merge for [first, end) of each piece of count entries.
func (s *strategy) pieces(count uint64, merge func(first, end uint64)) {
	first := uint64(0)
	for s.chunk > 0 && count-first > s.chunk {
		merge(first, first+s.chunk)
		first += s.chunk
		if s.yield {
			runtime.Gosched()
		}
	}
	merge(first, count)
}

// maps hands out maps and takes them back.
type maps[K comparable] struct {
	strategy *strategy
	pool     sync.Pool
}

func (from *maps[K]) need(asked, expected uint64) map[K]uint64 {
	if from.strategy.pool {
		if pooled, found := from.pool.Get().(map[K]uint64); found {
			for key := range pooled {
				delete(pooled, key) // the compiler turns this into one clear
			}
			return pooled
		}
	}
	hint := from.strategy.hint(asked, expected)
	if hint == 0 {
		return make(map[K]uint64)
	}
	return make(map[K]uint64, hint)
}

func (from *maps[K]) done(m map[K]uint64) {
	if from.strategy.pool {
		from.pool.Put(m)
	}
}
