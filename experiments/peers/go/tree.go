package main

import "runtime"

type node struct {
	left, right *node
}

// tree is experiments/workloads/tree.c.
type tree struct {
	depth, count uint64
}

type treeState struct {
	plan       *tree
	root       *node
	operations uint64
}

func newTree(p *params) workload {
	return &tree{depth: p.u64("depth"), count: p.u64("operations")}
}

func build(depth uint64) *node {
	made := new(node)
	if depth > 0 {
		made.left = build(depth - 1)
		made.right = build(depth - 1)
	}
	return made
}

func (w *tree) operations() uint64 { return w.count }

func (w *tree) setup() state {
	return &treeState{plan: w, root: build(w.depth)}
}

func (s *treeState) operate(number uint64) {
	runtime.GC()
	s.operations++
}

func fold(at *node) uint64 {
	if at.left == nil {
		return mix(1)
	}
	return mix(3*fold(at.left) + fold(at.right))
}

func (s *treeState) checksum() uint64 {
	return fold(s.root) + s.operations
}
