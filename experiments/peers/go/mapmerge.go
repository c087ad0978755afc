package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

const (
	keyTextLengthMin = 8
	keyTextLengthMax = 24
	indexBits        = 36
)

// mapMerge is experiments/workloads/map-merge.c; invariants M1 to M3 there.
type mapMerge[K comparable] struct {
	entries, merges, live, hint uint64
	salt                        uint64
	maps                        *maps[K]
	keyAt                       func(index uint64) K
	hashKey                     func(key K) uint64
}

type mapMergeState[K comparable] struct {
	plan       *mapMerge[K]
	keys       []K
	values     []uint64
	ring       []map[K]uint64
	last       map[K]uint64
	operations uint64
	counts     uint64
}

func newMapMerge(p *params) workload {
	if p.text("key") == "int" {
		w := planMapMerge[uint64](p)
		w.keyAt = numbers(p, w)
		w.hashKey = mix
		return w
	}
	w := planMapMerge[string](p)
	w.keyAt = texts(p, w)
	w.hashKey = hashText
	return w
}

func planMapMerge[K comparable](p *params) *mapMerge[K] {
	return &mapMerge[K]{
		entries: p.u64("n"),
		merges:  p.u64("merges"),
		live:    p.u64("live"),
		hint:    p.u64("hint"),
		salt:    mix(p.u64("seed")),
		maps:    &maps[K]{strategy: &p.strategy},
	}
}

func numbers(p *params, w *mapMerge[uint64]) func(uint64) uint64 {
	switch keys := p.text("keys"); keys {
	case "sequential":
		return func(index uint64) uint64 { return index }
	case "random":
		return func(index uint64) uint64 { return mix(index ^ w.salt) }
	default:
		var read []uint64
		for _, line := range readLines(keys, w.entries) {
			number, err := strconv.ParseUint(line, 10, 64)
			if err != nil {
				fail("%s: %q is not a number", keys, line)
			}
			read = append(read, number)
		}
		return func(index uint64) uint64 { return read[index] }
	}
}

func texts(p *params, w *mapMerge[string]) func(uint64) string {
	switch keys := p.text("keys"); keys {
	case "sequential":
		return func(index uint64) string { return fmt.Sprintf("key-%08d", index) }
	case "random":
		return func(index uint64) string { return spellRandom(index, w.salt) }
	default:
		read := readLines(keys, w.entries)
		return func(index uint64) string { return string(append([]byte(nil), read[index]...)) }
	}
}

func readLines(path string, count uint64) []string {
	file, err := os.Open(path)
	if err != nil {
		fail("%v", err)
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	var lines []string
	for uint64(len(lines)) < count && scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	if uint64(len(lines)) < count {
		fail("%s: the file ends after line %d, but n = %d", path, len(lines), count)
	}
	return lines
}

// mix is a bijection of 64 bits (Steele, Lea, Flood 2014: SplitMix64's output function).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func shuffleIndex(index, salt uint64) uint64 {
	const mask = 1<<indexBits - 1
	x := (index ^ salt) & mask
	for round := 0; round < 3; round++ {
		x = x * 0x5851f42d4c957f2d & mask
		x ^= x >> (indexBits / 2)
	}
	return x
}

func spellRandom(index, salt uint64) string {
	var text [keyTextLengthMax]byte
	more := mix(index + salt)
	length := keyTextLengthMin + more%(keyTextLengthMax-keyTextLengthMin+1)
	rest := shuffleIndex(index, salt)
	for i := uint64(0); i < keyTextLengthMin; i++ {
		text[i] = byte('a' + rest%26)
		rest /= 26
	}
	for i := uint64(keyTextLengthMin); i < length; i++ {
		more = mix(more + i)
		text[i] = byte('a' + more%26)
	}
	return string(text[:length])
}

func hashText(text string) uint64 {
	hash := uint64(len(text))
	for i := 0; i < len(text); i++ {
		hash = (hash ^ uint64(text[i])) * 0x100000001b3
	}
	return mix(hash)
}

func (w *mapMerge[K]) operations() uint64 { return w.merges }

func (w *mapMerge[K]) setup() state {
	s := &mapMergeState[K]{plan: w}
	s.keys = make([]K, w.entries)
	for i := range s.keys {
		s.keys[i] = w.keyAt(uint64(i))
	}
	s.values = make([]uint64, w.entries)
	for i := range s.values {
		s.values[i] = mix(mix(w.salt) + uint64(i))
	}
	if w.live > 0 {
		s.ring = make([]map[K]uint64, w.live)
	}
	return s
}

// keep holds on to the map as long as the program does, and says which map is done with.
func (s *mapMergeState[K]) keep(m map[K]uint64, number uint64) {
	w := s.plan
	isLast := number+1 == w.merges
	done := m
	if isLast {
		s.last = m
		done = nil
	}
	if w.live > 0 {
		done = s.ring[number%w.live]
		s.ring[number%w.live] = m
	}
	if done != nil {
		w.maps.done(done)
	}
}

func (s *mapMergeState[K]) operate(number uint64) {
	w := s.plan
	m := w.maps.need(w.hint, w.entries)
	merge(w.maps.strategy, m, s.keys, s.values)
	s.counts = mix(s.counts ^ uint64(len(m)))
	s.operations++
	s.keep(m, number)
}

// merge is generic in the source only: fillNumbers and fillTexts compile to the map routines that
// a program with these key types gets.
func merge[K comparable](s *strategy, m map[K]uint64, keys []K, values []uint64) {
	s.pieces(uint64(len(keys)), func(first, end uint64) {
		switch m := any(m).(type) {
		case map[uint64]uint64:
			fillNumbers(m, any(keys).([]uint64)[first:end], values[first:end])
		case map[string]uint64:
			fillTexts(m, any(keys).([]string)[first:end], values[first:end])
		}
	})
}

func fillNumbers(m map[uint64]uint64, keys, values []uint64) {
	for i, key := range keys {
		m[key] = values[i]
	}
}

func fillTexts(m map[string]uint64, keys []string, values []uint64) {
	for i, key := range keys {
		m[key] = values[i]
	}
}

func (s *mapMergeState[K]) checksum() uint64 {
	sum := mix(s.counts) + s.operations
	for key, value := range s.last {
		sum += mix(s.plan.hashKey(key) + mix(value))
	}
	return sum
}

func (s *mapMergeState[K]) shape() (mapShape, bool) {
	if s.last == nil {
		return mapShape{}, false
	}
	return shapeOf(s.last), true
}
