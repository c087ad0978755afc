//go:build !go1.24

package main

import "unsafe"

// The layout of runtime/map.go, 1.19 to 1.23: hmap, and buckets of eight entries.
type bucketHeader struct {
	count      int
	flags      uint8
	logBuckets uint8
	nOverflow  uint16
	seed       uint32
	buckets    unsafe.Pointer
	oldBuckets unsafe.Pointer
	moved      uintptr
	extra      unsafe.Pointer
}

const (
	slotsInBucket   = 8
	sameSizeGrow    = 8
	topMovedLow     = 2 // 2 to 4: the bucket has been moved
	topMovedEmpty   = 4
	logSpareMin     = 4
	bytesOfLinkWord = 8
)

func shapeOf[K comparable](m map[K]uint64) mapShape {
	h := (*bucketHeader)(headerOf(m))
	shape := mapShape{entries: uint64(h.count), logBuckets: uint64(h.logBuckets),
		nOverflow: uint64(h.nOverflow)}
	if h.buckets == nil {
		return shape
	}
	bytes := slotsInBucket*(1+slotBytes[K]()) + bytesOfLinkWord
	base := uintptr(1) << h.logBuckets
	shape.buckets = uint64(base)
	shape.bucketBytes = arrayBytes[K](h.logBuckets, bytes)
	shape.overflow = overflowOf(h.buckets, base, bytes, false)
	if h.oldBuckets != nil {
		shape.growing = 1
		old := base
		if h.flags&sameSizeGrow == 0 {
			old /= 2
		}
		shape.overflow += overflowOf(h.oldBuckets, old, bytes, true)
	}
	return shape
}

func growthOf(header unsafe.Pointer) growth {
	h := (*bucketHeader)(header)
	return growth{h.buckets, h.logBuckets, h.nOverflow}
}

// overflowOf counts the overflow buckets of an array; of an old one, those in chains not yet moved.
func overflowOf(array unsafe.Pointer, count, bytes uintptr, isOld bool) uint64 {
	overflow := uint64(0)
	for i := uintptr(0); i < count; i++ {
		bucket := unsafe.Add(array, i*bytes)
		top := *(*uint8)(bucket)
		if isOld && top >= topMovedLow && top <= topMovedEmpty {
			continue
		}
		for {
			bucket = *(*unsafe.Pointer)(unsafe.Add(bucket, bytes-bytesOfLinkWord))
			if bucket == nil {
				break
			}
			overflow++
		}
	}
	return overflow
}

// arrayBytes is the size of an array with its spare overflow buckets: from 16 buckets on one more
// for every 16, and as many as the size class then has room for.
func arrayBytes[K comparable](logBuckets uint8, bytes uintptr) uint64 {
	base := uintptr(1) << logBuckets
	if logBuckets < logSpareMin {
		return uint64(base * bytes)
	}
	return uint64(roundedUp[K]((base+base>>4)*bytes) / bytes * bytes)
}

// roundedUp is how much of an allocation of so many bytes, a multiple of 8, can be used. A slice
// that append makes is as long as its size class allows.
func roundedUp[K comparable](bytes uintptr) uintptr {
	if unsafe.Sizeof(*new(K)) == 8 { // numbers: no pointers
		return 8 * uintptr(cap(append([]uint64(nil), make([]uint64, bytes/8)...)))
	}
	return 8 * uintptr(cap(append([]*uint64(nil), make([]*uint64, bytes/8)...)))
}
