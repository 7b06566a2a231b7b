//go:build rwmutex

package main

import "sync"

type table struct {
	mu sync.RWMutex
	m  map[key]uint64
}

func newTable() *table { return &table{m: map[key]uint64{}} }

func (t *table) get(k key) (uint64, bool) {
	t.mu.RLock()
	v, ok := t.m[k]
	t.mu.RUnlock()
	return v, ok
}

func (t *table) put(k key, v uint64) {
	t.mu.Lock()
	t.m[k] = v
	t.mu.Unlock()
}

func (t *table) remove(k key) {
	t.mu.Lock()
	delete(t.m, k)
	t.mu.Unlock()
}
