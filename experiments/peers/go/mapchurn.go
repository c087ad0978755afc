package main

import "unsafe"

const churnKeyBytes = 16

// mapChurn is experiments/workloads/map-churn.c; the counters are explained there.
type mapChurn struct {
	entries, hint, keep, deletes, updates, count uint64
	salt                                         uint64
	make                                         func(w *mapChurn) churnMaps
}

// churnMaps makes maps of one kind of keys, one after the other. It is written once for each kind,
// so that the compiler picks the map routines that a program with these keys gets.
type churnMaps interface {
	renew()
	put(index, value uint64)
	drop(index uint64)
	header() unsafe.Pointer
	shape() mapShape
	checksum() uint64
}

type mapChurnState struct {
	plan    *mapChurn
	maps    churnMaps
	writes  uint64
	since   uint64 // the last growth of the map
	before  growth
	handed  uint64 // overflow buckets that the map took so far
	moments uint64
	folded  uint64
	tally   churnTally
	all     uint64 // handed, of all maps
	large   bool   // some map was so large that its count of overflow buckets is a sample
}

type churnTally struct {
	doublings, sameSize, moments, overflow, growing, entries, since, squares uint64
}

// growth is what tells that a map has begun to grow.
type growth struct {
	array      unsafe.Pointer
	logBuckets uint8
	nOverflow  uint16
}

func newMapChurn(p *params) workload {
	w := &mapChurn{
		entries: p.u64("n"),
		hint:    p.u64("hint"),
		keep:    p.u64("keep"),
		deletes: p.u64("deletes"),
		updates: p.u64("updates"),
		count:   p.u64("maps"),
		salt:    mix(p.u64("seed")),
	}
	if p.text("key") == "int" {
		maps := &maps[uint64]{strategy: &p.strategy}
		w.make = func(w *mapChurn) churnMaps { return &churnNumbers{plan: w, maps: maps} }
	} else {
		maps := &maps[string]{strategy: &p.strategy}
		w.make = func(w *mapChurn) churnMaps {
			return &churnTexts{plan: w, maps: maps, keys: w.texts()}
		}
	}
	return w
}

func (w *mapChurn) operations() uint64 { return w.count }

func (w *mapChurn) setup() state { return &mapChurnState{plan: w, maps: w.make(w)} }

func (w *mapChurn) expects() uint64 {
	if w.keep > 0 {
		return w.keep
	}
	return w.entries
}

func (w *mapChurn) numberAt(index uint64) uint64 { return mix(index ^ w.salt) }

func (w *mapChurn) texts() []string {
	keys := make([]string, w.entries)
	for i := range keys {
		var text [churnKeyBytes]byte
		rest := w.numberAt(uint64(i))
		for at := range text {
			text[at] = "0123456789abcdef"[rest&15]
			rest >>= 4
		}
		keys[i] = string(text[:])
	}
	return keys
}

func (s *mapChurnState) operate(number uint64) {
	w := s.plan
	s.maps.renew()
	s.writes, s.since, s.handed = 0, 0, 0
	s.before = growthOf(s.maps.header())
	for i := uint64(0); i < w.entries; i++ {
		chance := mix(mix(w.salt) + i)
		more := mix(chance)
		s.put(i, chance)
		if w.keep > 0 && i >= w.keep {
			s.drop(i - w.keep)
		}
		if chance%100 < w.updates {
			s.put(more%(i+1), more)
		}
		if more%100 < w.deletes {
			s.drop(mix(more) % (i + 1))
		}
	}
	shape := s.maps.shape()
	s.folded = mix(s.folded ^ shape.entries)
	s.tally.overflow += shape.overflow
	s.tally.growing += shape.growing
	s.tally.entries += shape.entries
	s.tally.since += s.since
	s.tally.squares += s.handed * s.handed
	s.all += s.handed
	if number+1 == w.count {
		s.tally.moments = s.moments & digestMask
	}
}

func (s *mapChurnState) put(index, value uint64) {
	s.maps.put(index, value)
	s.look()
}

func (s *mapChurnState) drop(index uint64) {
	s.maps.drop(index)
	s.look()
}

// look notes a growth that the last write began, and overflow buckets.
func (s *mapChurnState) look() {
	s.writes++
	s.since++
	now := growthOf(s.maps.header())
	taken := s.before.nOverflow
	if now.array != s.before.array && s.before.array != nil {
		taken, s.since = 0, 0 // a growth begins to count anew
		if now.logBuckets == s.before.logBuckets {
			s.tally.sameSize++
		} else {
			s.tally.doublings++
			s.moments = mix(s.moments ^ s.writes)
		}
	}
	s.handed += uint64(now.nOverflow - taken)
	s.large = s.large || now.logBuckets > 15
	s.before = now
}

func (s *mapChurnState) checksum() uint64 { return s.folded + s.maps.checksum() }

func (s *mapChurnState) shape() (mapShape, bool) { return s.maps.shape(), true }

func (s *mapChurnState) counters() map[string]uint64 {
	values := map[string]uint64{
		"doublings": s.tally.doublings,
		"same_size": s.tally.sameSize,
		"moments":   s.tally.moments,
		"overflow":  s.tally.overflow,
		"growing":   s.tally.growing,
		"entries":   s.tally.entries,
		"since":     s.tally.since,
	}
	if !s.large {
		values["squares"] = s.tally.squares
	}
	counters := ownCounters("map-churn", values)
	counters["map.grow_events"] = s.tally.doublings + s.tally.sameSize
	if !s.large {
		counters["map.overflow"] = s.all
	}
	return counters
}

type churnNumbers struct {
	plan *mapChurn
	maps *maps[uint64]
	last map[uint64]uint64
}

func (c *churnNumbers) renew() {
	if c.last != nil {
		c.maps.done(c.last)
	}
	c.last = c.maps.need(c.plan.hint, c.plan.expects())
}

func (c *churnNumbers) put(index, value uint64) { c.last[c.plan.numberAt(index)] = value }
func (c *churnNumbers) drop(index uint64)       { delete(c.last, c.plan.numberAt(index)) }
func (c *churnNumbers) header() unsafe.Pointer  { return headerOf(c.last) }
func (c *churnNumbers) shape() mapShape         { return shapeOf(c.last) }

func (c *churnNumbers) checksum() uint64 {
	sum := uint64(0)
	for key, value := range c.last {
		sum += mix(mix(key) + mix(value))
	}
	return sum
}

type churnTexts struct {
	plan *mapChurn
	maps *maps[string]
	keys []string
	last map[string]uint64
}

func (c *churnTexts) renew() {
	if c.last != nil {
		c.maps.done(c.last)
	}
	c.last = c.maps.need(c.plan.hint, c.plan.expects())
}

func (c *churnTexts) put(index, value uint64) { c.last[c.keys[index]] = value }
func (c *churnTexts) drop(index uint64)       { delete(c.last, c.keys[index]) }
func (c *churnTexts) header() unsafe.Pointer  { return headerOf(c.last) }
func (c *churnTexts) shape() mapShape         { return shapeOf(c.last) }

func (c *churnTexts) checksum() uint64 {
	sum := uint64(0)
	for key, value := range c.last {
		number := uint64(0)
		for i := len(key) - 1; i >= 0; i-- {
			digit := uint64(key[i])
			if digit <= '9' {
				number = number<<4 | (digit - '0')
			} else {
				number = number<<4 | (digit - 'a' + 10)
			}
		}
		sum += mix(mix(number) + mix(value))
	}
	return sum
}
