package store

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Every key of an event that is personal stands in the registry that the purge
// deletes, and no other.
func TestRegistryOfPersonalKeys(t *testing.T) {
	k := keysOf("x")
	personal := 0
	for field, v := range reflect.ValueOf(k).Fields() {
		key := v.String()
		is := strings.HasPrefix(key, personalPrefix("x"))
		if is {
			personal++
		}
		if slices.Contains(k.personal(), key) != is || !is && !strings.HasPrefix(key, "cd:{x}:k:") {
			t.Errorf("%s is %s; in the registry: %v", field.Name, key, !is)
		}
	}
	if personal == 0 || len(k.personal()) != personal {
		t.Errorf("%d personal keys, %d in the registry", personal, len(k.personal()))
	}
}
