package main

import "unsafe"

// mapShape is the layout of a map; what the release's maps do not have is 0.
type mapShape struct {
	entries     uint64
	buckets     uint64 // base buckets, or slots / 8
	bucketBytes uint64 // of the current array with its spare buckets, or of all groups
	overflow    uint64 // overflow buckets in chains, current and not yet moved
	growing     uint64
	logBuckets  uint64
	nOverflow   uint64 // the runtime's own count, a sample for large maps
	tables      uint64
}

// headerOf returns the map's header. A map value is a pointer to it.
func headerOf[K comparable](m map[K]uint64) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&m))
}

// slotBytes is the size of a key and a value.
func slotBytes[K comparable]() uintptr {
	var key K
	return unsafe.Sizeof(key) + 8
}
