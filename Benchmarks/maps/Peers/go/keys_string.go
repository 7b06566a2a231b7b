//go:build strings

package main

import "fmt"

type key = string

func makeKey(i uint64) key { return fmt.Sprintf("%016x", mix64(i)) }

// Query keys are stored apart from the map's.
type queries []key

func newQueries(count int) queries {
	q := make(queries, count)
	for i := range q {
		q[i] = makeKey(uint64(i))
	}
	return q
}

func (q queries) at(i uint64) key { return q[i] }
