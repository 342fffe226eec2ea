package main

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"
)

// TestPlansAreDeclared compares the members of a plan with the contract's, both ways.
func TestPlansAreDeclared(t *testing.T) {
	t.Parallel()
	document := loadContract(t)
	for name, value := range map[string]any{"DryRun": engine.DryRun{}, "PlannedStep": engine.PlannedStep{}} {
		var declared []string
		for member := range document.Components.Schemas[name].Value.Properties {
			declared = append(declared, member)
		}
		shown := members(reflect.TypeOf(value))
		slices.Sort(declared)
		slices.Sort(shown)
		if !slices.Equal(declared, shown) {
			t.Errorf("%s:\ndeclared %v\nshown    %v", name, declared, shown)
		}
	}
}

func TestUnrehearsed(t *testing.T) {
	t.Parallel()
	faults := []grant.Fault{{Pointer: "/scope", Reason: "r"}}
	for name, test := range map[string]struct {
		err               error
		status, wait, all int
	}{
		"refused":       {&engine.Error{Kind: engine.KindRefused, Faults: faults}, http.StatusUnprocessableEntity, 0, 1},
		"shape":         {&engine.Error{Kind: engine.KindShape, Faults: faults}, http.StatusUnprocessableEntity, 0, 1},
		"tenant":        {&engine.Error{Kind: engine.KindTenant}, http.StatusServiceUnavailable, 30, 0},
		"tenant, later": {&engine.Error{Kind: engine.KindTenant, RetryAfter: 76*time.Second + 1}, http.StatusServiceUnavailable, 77, 0},
		"late":          {&engine.Error{Kind: engine.KindLate}, http.StatusGatewayTimeout, 30, 0},
		"another":       {errors.New("x"), http.StatusInternalServerError, 0, 0},
	} {
		p := explain(unrehearsed(test.err))
		if p.Status != test.status || p.retryAfter != test.wait || len(p.Faults) != test.all {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, "*/*": false, "text/*": false, "application/json": false, "text/plain": true, "Text/Plain; charset=utf-8": true, "application/json, text/plain;q=0.5": true, "text/plainer": false,
	} {
		if accepts([]string{header}, "text/plain") != want {
			t.Errorf("%q: not %t", header, want)
		}
	}
}
