package engine

import (
	"errors"
	"testing"
)

// TestTablesBelongToWhoeverCameFirst: the same deployment may come again; another mark, or
// another tenant, is kept out and told of.
func TestTablesBelongToWhoeverCameFirst(t *testing.T) {
	t.Parallel()
	first := New(Settings{Store: rows(t), Now: morning().now, Installation: "demo01", Tenant: "t1"})
	for range 2 {
		err := first.OwnStorage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []owner{{Installation: "other1", Tenant: "t1"}, {Installation: "demo01", Tenant: "t2"}} {
		stranger := New(first.Settings)
		stranger.Installation, stranger.Tenant = other.Installation, other.Tenant
		err := stranger.OwnStorage(t.Context())
		var foreign errForeignStorage
		if KindOf(err) != KindStorage || !errors.As(err, &foreign) {
			t.Errorf("%+v: got %v", other, err)
		}
		noted, err := first.stranger(t.Context())
		if err != nil || noted.Installation != other.Installation || noted.Tenant != other.Tenant {
			t.Errorf("%+v: noted %+v, %v", other, noted, err)
		}
	}
	err := first.OwnStorage(t.Context())
	if err != nil {
		t.Errorf("the owner is kept out: %v", err)
	}
}
