//go:build plain

package main

type table struct{ m map[key]uint64 }

func newTable() *table { return &table{map[key]uint64{}} }

func (t *table) get(k key) (uint64, bool) { v, ok := t.m[k]; return v, ok }
func (t *table) put(k key, v uint64)      { t.m[k] = v }
func (t *table) remove(k key)             { delete(t.m, k) }
