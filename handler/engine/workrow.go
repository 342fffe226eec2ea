package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"mailgrant/handler/store"
)

// keepWork and readWork write and read one small row as JSON, whoever wrote it before:
// for rows without a version or properties to heed. readWork leaves into as it is when
// there is no row.
func (e *Engine) keepWork(ctx context.Context, partition, key string, value any) error {
	document, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing %s %s: %w", partition, key, err)
	}
	return storage(e.Store.WriteWork(ctx, partition, store.Row{Key: key, Document: document}), "")
}

func (e *Engine) readWork(ctx context.Context, partition, key string, into any) error {
	row, err := e.Store.ReadWork(ctx, partition, key)
	if store.KindOf(err) == store.KindNotFound {
		return nil
	}
	if err != nil {
		return storage(err, "")
	}
	err = json.Unmarshal(row.Document, into)
	if err != nil {
		return fmt.Errorf("reading %s %s: %w", partition, key, err)
	}
	return nil
}
