//go:build syncmap

package main

import "sync"

type table struct{ m sync.Map }

func newTable() *table { return &table{} }

func (t *table) get(k key) (uint64, bool) {
	v, ok := t.m.Load(k)
	if !ok {
		return 0, false
	}
	return v.(uint64), true
}

func (t *table) put(k key, v uint64) { t.m.Store(k, v) }
func (t *table) remove(k key)        { t.m.Delete(k) }
