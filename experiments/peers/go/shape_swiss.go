//go:build go1.24

package main

import "unsafe"

// The layout of internal/runtime/maps, from 1.24 on.
type swissMap struct {
	used        uint64
	seed        uintptr
	directory   unsafe.Pointer // of tables; or the one group of a small map
	dirLength   int
	globalDepth uint8
}

type swissTable struct {
	used       uint16
	capacity   uint16
	growthLeft uint16
	localDepth uint8
	index      int
	groups     unsafe.Pointer
	lengthMask uint64
}

const (
	slotsInGroup = 8
	controlBytes = 8
)

func shapeOf[K comparable](m map[K]uint64) mapShape {
	h := (*swissMap)(headerOf(m))
	groupBytes := uint64(controlBytes + slotsInGroup*slotBytes[K]())
	shape := mapShape{entries: h.used, logBuckets: uint64(h.globalDepth)}
	if h.dirLength == 0 {
		if h.directory != nil {
			shape.buckets, shape.bucketBytes = 1, groupBytes
		}
		return shape
	}
	var before *swissTable
	for i := 0; i < h.dirLength; i++ {
		table := *(**swissTable)(unsafe.Add(h.directory, uintptr(i)*unsafe.Sizeof(before)))
		if table == before { // entries of a table are adjacent
			continue
		}
		before = table
		shape.tables++
		shape.buckets += uint64(table.capacity) / slotsInGroup
	}
	shape.bucketBytes = shape.buckets * groupBytes
	return shape
}

// growthOf knows nothing: these maps grow table by table.
func growthOf(unsafe.Pointer) growth { return growth{} }
