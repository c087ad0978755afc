package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
)

// GOGC is the process's, whoever sets it. A goroutine that saves and restores it while another does
// the same saves and restores what the other has set.

// quiet keeps the collector off as long as a goroutine is between begin and end: the first in saves
// the setting, the last out restores it.
type quiet struct {
	lock    sync.Mutex
	inside  int
	percent int
}

func (q *quiet) begin() {
	q.lock.Lock()
	if q.inside == 0 {
		q.percent = debug.SetGCPercent(-1)
	}
	q.inside++
	q.lock.Unlock()
}

func (q *quiet) end() {
	q.lock.Lock()
	q.inside--
	if q.inside == 0 {
		debug.SetGCPercent(q.percent)
	}
	q.lock.Unlock()
}

// settings are what operations are to run with: what the lab has put into the environment, and what
// the strategy makes of it.
type settings struct {
	mutators     uint64
	arrived      uint64 // atomic
	percent      int
	began, ended *pauses // when operations did
}

func newSettings(p *params, began, ended *pauses) *settings {
	s := &settings{mutators: p.u64("mutators"), percent: 100, began: began, ended: ended}
	switch percent, err := strconv.Atoi(os.Getenv("GOGC")); {
	case p.strategy.gcOff || os.Getenv("GOGC") == "off":
		s.percent = -1
	case err == nil:
		s.percent = percent
	}
	return s
}

// arrive is called by every mutator before and after its operations. The last to come looks, while
// all others wait: so nobody is about to put something back. It also reads what stops there were, as
// close to the operations as it can.
func (s *settings) arrive() {
	switch atomic.AddUint64(&s.arrived, 1) {
	case s.mutators:
		s.check("began")
		s.began.read()
	case 2 * s.mutators:
		s.ended.read()
		s.check("ended")
	}
}

func percentText(percent int) string {
	if percent < 0 {
		return "off"
	}
	return strconv.Itoa(percent)
}

func (s *settings) check(when string) {
	if is := readPercent(); is != s.percent {
		invalid("gogc", when, percentText(is), percentText(s.percent))
	}
	asked, err := strconv.Atoi(os.Getenv("GOMAXPROCS"))
	if is := runtime.GOMAXPROCS(0); err == nil && is != asked {
		invalid("gc.processors", when, strconv.Itoa(is), strconv.Itoa(asked))
	}
	limit, err := strconv.ParseInt(os.Getenv("GOMEMLIMIT"), 10, 64)
	if is := debug.SetMemoryLimit(-1); err == nil && is != limit {
		invalid("gc.limit", when, strconv.FormatInt(is, 10), os.Getenv("GOMEMLIMIT"))
	}
}

// invalid ends the trial: it did not run with the setting that was asked for.
func invalid(setting, when, is, should string) {
	fmt.Printf("invalid %s it was %s when the operations %s, not %s\n", setting, is, when, should)
	os.Exit(2)
}
