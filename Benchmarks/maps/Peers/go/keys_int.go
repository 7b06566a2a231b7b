//go:build ints

package main

type key = uint64

func makeKey(i uint64) key { return mix64(i) }

// Query keys of integers are computed.
type queries struct{}

func newQueries(int) queries    { return queries{} }
func (queries) at(i uint64) key { return mix64(i) }
