async def test_without_a_sign_in_comments_have_no_name_and_giving_says_why_not(client, sid):
    here = f"/api/sessions/{sid}"
    order = {"criterion_id": "C2", "text": "Does a hyphenated word count once?"}
    made = (await (await client.post(f"{here}/comments", json=order)).get_json())["comment"]
    assert (made["by"], made["criterion_id"], made["hunt_id"]) == ("", "C2", "")
    assert (await (await client.get(f"{here}/comments")).get_json()) == {"comments": [made]}
    assert (await client.delete(f"{here}/comments/{made['comment_id']}")).status_code == 204
    for path, body in (("transfer", {"to": "bob"}), ("second-review", {"reviewer": "bob"})):
        answer = await client.post(f"{here}/{path}", json=body)
        assert (answer.status_code, (await answer.get_json())["error"]["code"]) == (400, "no_names")


async def test_a_comment_has_a_length(client, sid):
    order = {"criterion_id": "C2", "text": "x" * 2001}
    assert (await client.post(f"/api/sessions/{sid}/comments", json=order)).status_code == 400
