package engine

import (
	"context"
	"encoding/json"
	"time"

	"mailgrant/handler/policy"
	"mailgrant/handler/store"
)

const (
	documentPartition = "document"
	documentKey       = "good"
	// keptAtProperty is since when the document is what it is.
	keptAtProperty = "keptAt"
)

// document returns the operator's document as it is now. Without a good one no new
// access is given: the error's kind is KindDocument and says why.
func (e *Engine) document(_ context.Context) (policy.Document, error) {
	document, err := e.Document()
	if err != nil {
		return policy.Document{}, &Error{Kind: KindDocument, Detail: "no new access is given, because the operator's document cannot be used", Cause: err}
	}
	return document, nil
}

// remember keeps a good document for what goes on without one: retests and ends.
// A store that refuses costs only that.
func (e *Engine) remember(ctx context.Context, document policy.Document) {
	text, err := json.Marshal(document)
	if err != nil {
		return
	}
	digest := document.Digest()
	row, err := e.Store.ReadWork(ctx, documentPartition, documentKey)
	if err == nil && row.Properties["digest"] == digest {
		return
	}
	err = e.Store.WriteWork(ctx, documentPartition, store.Row{Key: documentKey, Document: text, Properties: map[string]string{"digest": digest, keptAtProperty: e.Now().UTC().Format(time.RFC3339)}})
	if err != nil {
		e.Log.WarnContext(ctx, "the operator's document could not be kept", "error", err.Error())
	}
}

// lastDocument returns the operator's document, or the last good one, or an empty one:
// what already exists is retested and ended whatever the document says.
func (e *Engine) lastDocument(ctx context.Context) policy.Document {
	document, err := e.Document()
	if err == nil {
		return document
	}
	var last policy.Document
	err = e.readWork(ctx, documentPartition, documentKey, &last)
	if err != nil {
		return policy.Document{}
	}
	return last
}
