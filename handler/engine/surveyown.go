package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// ownObjects lists what the live grants of one workload have made in the tenant and not
// yet taken away.
func (e *Engine) ownObjects(ctx context.Context, workload string) ([]ownObject, error) {
	partition, err := e.Store.ReadPartition(ctx, workload)
	if err != nil {
		return nil, storage(err, "")
	}
	live := map[string]bool{}
	for _, row := range partition.Rows {
		id, is := strings.CutPrefix(row.Key, "g|")
		live[id] = live[id] || is
	}
	var objects []ownObject
	for _, row := range partition.Rows {
		made := madeFor(row, live)
		if made == "" {
			continue
		}
		var step grant.Step
		err := json.Unmarshal(row.Document, &step)
		if err != nil {
			return nil, fmt.Errorf("reading row %s of workload %s: %w", row.Key, workload, err)
		}
		if step.Exists() {
			objects = append(objects, ownObject{Workload: workload, Name: step.Name, RemoteID: step.RemoteID, Grant: made})
		}
	}
	return objects, nil
}

// madeFor is the live grant whose step the row is, or for which a consent that several
// may share was last written; empty for other rows.
func madeFor(row store.Row, live map[string]bool) string {
	parts := strings.Split(row.Key, "|")
	switch {
	case strings.HasPrefix(row.Key, sharedPrefix):
		return row.Properties["madeFor"]
	case len(parts) == 3 && parts[0] == "s" && live[parts[1]]:
		return parts[1]
	}
	return ""
}

// allOwnObjects does the same for every workload that has a grant which is not over.
func (e *Engine) allOwnObjects(ctx context.Context) ([]ownObject, error) {
	workloads := map[string]bool{}
	err := e.eachClaim(ctx, []grant.State{grant.Bound, grant.Provisioning, grant.Active, grant.Revoking}, func(claim store.Claim) {
		workloads[claim.Workload] = claim.Workload != ""
	})
	if err != nil {
		return nil, err
	}
	var objects []ownObject
	for _, workload := range slices.Sorted(maps.Keys(workloads)) {
		own, err := e.ownObjects(ctx, workload)
		if err != nil {
			return nil, err
		}
		objects = append(objects, own...)
	}
	return objects, nil
}

// eachClaim goes through the claims in these states, page by page.
func (e *Engine) eachClaim(ctx context.Context, states []grant.State, do func(store.Claim)) error {
	for _, state := range states {
		query := store.ListQuery{Limit: largestPage, State: string(state)}
		for {
			claims, next, err := e.Store.ListClaims(ctx, query)
			if err != nil {
				return storage(err, "")
			}
			for _, claim := range claims {
				do(claim)
			}
			if next == "" {
				break
			}
			query.Cursor = next
		}
	}
	return nil
}
